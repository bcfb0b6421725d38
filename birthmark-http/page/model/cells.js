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
