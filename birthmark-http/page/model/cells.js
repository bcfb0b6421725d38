// The cells of tasks. A cell is a list of pieces: a class, a text, and perhaps the id of a task to follow.

import { visible } from "./text.js";

/**
 * Returns the name and the role of a task, a thread or an ancestor.
 * @param {import("../types").Ancestor} task
 * @returns {import("../types").Piece[]}
 */
export const who = (task) => [
  [task.name_origin === "inherited" ? "name inherited" : "name", task.name ? visible(task.name) + (task.name_truncated ? "…" : "") : ""],
  ["role", visible(task.role)],
];

/**
 * @param {import("../types").Ancestor | undefined} task
 * @param {number} [id]
 */
export const called = (task, id) => (task ? [task.name, task.role].filter(Boolean).map(visible).join(" · ") : `task ${id}`);

/**
 * @param {{ state?: string }} task
 * @returns {import("../types").Piece[]}
 */
export const state = (task) => [[`state ${task.state}`, task.state]];

/** The times in milliseconds from which a state is warm, hot and hottest. */
const HEAT = { runnable: [100, 1_000, 10_000], running: [1_000, 10_000, 60_000], waiting: [10_000, 60_000, 600_000] };

/** The kinds of tasks that are polled. A thread may run for ever. */
const POLLED = ["task", "future"];

/**
 * Returns the class for the time of a task in its state: `heat-1` to `heat-3` for long times. A task that waits is calm, as
 * most wait for somebody outside.
 * @param {import("../types").Timed} task
 */
export function heat({ state, state_ms: millis, kind }) {
  const key = { blocked: "running", suspended: "waiting" }[state] ?? state;
  if (!POLLED.includes(kind) || !Object.hasOwn(HEAT, key)) return "";
  const level = HEAT[key].filter((from) => millis >= from).length;
  return level === 0 ? "" : `heat-${level} ${key === "waiting" ? "calm" : "late"}`;
}

/**
 * @param {string | number} text
 * @returns {import("../types").Piece[]}
 */
export const plain = (text) => [["", text]];

/**
 * Returns the innermost frame: the awaited expression and its function.
 * @param {import("../types").Described} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Piece[]}
 */
export function waits(task, snapshot) {
  const { what, where } = snapshot.innermost(task) ?? { what: "", where: "" };
  const ofThread = task.runs_no_task && task.state === "running" ? "runs no recorded task" : task.unrecorded ? "by futures without a record" : "";
  return [["await", visible(what)], ["faint", ofThread], ["faint", where]];
}
