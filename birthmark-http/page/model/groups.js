// Groups of alike tasks.

import { ago, count, visible } from "./text.js";
import { plain, state, waits } from "./cells.js";
import { Rows } from "./rows.js";

/**
 * Returns the groups of the tasks, or the program's own groups if the snapshot does not have all tasks.
 * @param {import("../types").Input} input
 * @returns {import("../model/rows.js").Rows}
 */
export function groupRows({ snapshot, tasks }) {
  const groups = snapshot.isCut ? snapshot.groups : grouped(tasks, snapshot);
  return new Rows(groups, (group) => groupRow(group, snapshot), (group) => groupKey(group, snapshot));
}

/**
 * Returns a key that alike tasks share: the same site, role, state and stack. Idle threads of a pool are apart.
 * @param {import("../types").Described} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
function groupKey(task, snapshot) {
  return `${siteKey(task, snapshot)}\n${task.state}\n${task.runs_no_task ?? ""}\n${snapshot.place(task) ?? ""}`;
}

/**
 * @param {import("../types").Described} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export const siteKey = (task, snapshot) => `${snapshot.at(task)}\n${task.role}`;

/**
 * Groups items by a key, in the order in which the keys first occur.
 * @template T, K
 * @param {T[]} tasks
 * @param {(item: T) => K} keyOf
 * @returns {Map<K, T[]>}
 */
export function groupBy(tasks, keyOf) {
  const groups = new Map();
  for (const task of tasks) {
    const key = keyOf(task);
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return groups;
}

/**
 * Returns groups in the program's order: the largest first, idle ones last.
 * @param {import("../types").Task[]} tasks
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Group[]}
 */
function grouped(tasks, snapshot) {
  const groups = [...groupBy(tasks, (task) => groupKey(task, snapshot)).values()];
  /** @param {import("../types").Task[]} members */
  const isIdle = ([{ runs_no_task: idle }]) => (idle ? 1 : 0);
  return groups.sort((a, b) => isIdle(a) - isIdle(b) || b.length - a.length).map(group);
}

/**
 * @param {import("../types").Task[]} members
 * @returns {import("../types").Group}
 */
function group(members) {
  const [{ role, kind, site, state, stack, runs_no_task, unrecorded }] = members;
  return { count: members.length, role, kind, site, state, stack, runs_no_task, unrecorded, ...ages(members), ...names(members) };
}

/**
 * @param {import("../types").Group} group
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Row}
 */
function groupRow(group, snapshot) {
  const cells = {
    count: () => plain(`${count(group.count)} ×`),
    group: () => [["role", visible(group.role)], ["faint", someNames(group)]],
    state: () => state(group),
    ages: () => plain(span(group)),
    place: () => waits(group, snapshot),
    site: () => plain(snapshot.at(group)),
  };
  return { key: groupKey(group, snapshot), group, snapshot, cell: (column) => cells[column]() };
}

/** @param {{ names: string[], more_names?: boolean }} group */
export const someNames = ({ names, more_names: more }) => names.map(visible).join(", ") + (more ? ", …" : "");

/**
 * Returns the first three different names.
 * @param {import("../types").Ancestor[]} members
 */
export function names(members) {
  const some = new Set();
  for (const { name } of members) {
    if (name) some.add(name);
    if (some.size > 3) break;
  }
  return { names: [...some].slice(0, 3), more_names: some.size > 3 };
}

/**
 * @param {import("../types").Task[]} members
 * @returns {{ min_age_ms?: number, max_age_ms: number | null }}
 */
function ages(members) {
  let [min_age_ms, max_age_ms] = [Infinity, 0];
  for (const member of members) {
    if (member.age_ms == null) return { max_age_ms: null };
    min_age_ms = Math.min(min_age_ms, member.age_ms);
    max_age_ms = Math.max(max_age_ms, member.age_ms);
  }
  return { min_age_ms, max_age_ms };
}

/**
 * Returns the range of ages. The program's own groups lack the age of the youngest.
 * @param {{ min_age_ms?: number, max_age_ms?: number | null }} group
 */
function span({ min_age_ms: least, max_age_ms: most }) {
  if (least === undefined) return most == null ? "" : `up to ${ago(most)}`;
  return ago(least) === ago(most) ? ago(most) : `${ago(least)} to ${ago(most)}`;
}
