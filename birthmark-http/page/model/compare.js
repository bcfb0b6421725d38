// The differences between two snapshots.

import { count, signed, visible } from "./text.js";
import { plain, waits, who } from "./cells.js";
import { sorted, sortedBy } from "./columns.js";
import { ON_THREAD } from "./snapshot.js";
import { Rows } from "./rows.js";
import { siteKey } from "./grouping.js";

/** The sort of sites at first: those that have grown most come first. */
export const BY_GROWTH = { column: "delta", down: true };

/**
 * Returns the growth of each site, then new, ended and unchanged tasks. Tasks have no growth, and keep the order of their ids
 * if the sort is by a number.
 * @param {import("../types").Input} input
 * @returns {import("../model/rows.js").Rows}
 */
export function compareRows({ snapshot, tasks, marked, markedTasks, toggled, sort = BY_GROWTH }) {
  if (!marked || !isComparable(marked, snapshot)) return new Rows([]);
  const rows = [
    ...growthRows(counts(markedTasks, marked), counts(tasks, snapshot), sort),
    ...(snapshot.isCut || marked.isCut ? [] : fateRows(snapshot, tasks, marked, markedTasks, toggled, sort)),
  ];
  return new Rows(rows, (row) => (row.cell ? row : memberRow(row)), (row) => row.key);
}

/**
 * Returns `true` if both snapshots are of the same process and the same search.
 * @param {import("../model/snapshot.js").Snapshot} marked
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export const isComparable = ({ head: then }, { head: now }) => then.pid === now.pid && then.filter === now.filter;

/**
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Task[]} tasks
 * @param {import("../model/snapshot.js").Snapshot} marked
 * @param {import("../types").Task[]} markedTasks
 * @param {Set<import("../types").Key>} toggled
 * @param {import("../types").Sort} sort
 * @returns {(import("../types").Row | import("../types").Member)[]}
 */
function fateRows(snapshot, tasks, marked, markedTasks, toggled, sort) {
  const { added, gone, unchanged } = fates(markedTasks, tasks);
  return [
    ...sectionRows("New", "", added, snapshot, toggled, sort),
    ...sectionRows("Gone", "", gone, marked, toggled, sort),
    ...sectionRows("Unchanged", ": neither polled nor in another state", unchanged, snapshot, toggled, sort),
  ];
}

/**
 * Returns tasks in the order of a column.
 * @param {import("../types").Task[]} tasks
 * @param {import("../types").Sort} sort
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
function sortedTasks(tasks, { column, down }, snapshot) {
  const ofTasks = { group: "who", place: "place", site: "site" }[column];
  return ofTasks ? sorted(tasks, { column: ofTasks, down }, snapshot) : tasks;
}

/**
 * Returns new, ended and unchanged tasks. One pass suffices, because both lists are sorted by id.
 * @param {import("../types").Task[]} before
 * @param {import("../types").Task[]} after
 */
function fates(before, after) {
  const fates = { added: [], gone: [], unchanged: [] };
  let i = 0;
  for (const task of after) {
    while (before[i]?.id < task.id) fates.gone.push(before[i++]);
    const then = before[i]?.id === task.id ? before[i++] : null;
    if (!then) fates.added.push(task);
    else if (isUnchanged(then, task)) fates.unchanged.push(task);
  }
  return { ...fates, gone: fates.gone.concat(before.slice(i)) };
}

/**
 * Returns `true` if a task was not polled. Progress within one long poll is not known.
 * @param {import("../types").Task} then
 * @param {import("../types").Task} now
 */
const isUnchanged = (then, now) => !ON_THREAD.includes(now.state) && then.state === now.state && then.polls === now.polls;

/**
 * Counts the tasks of each site. A thread without a site counts by its role.
 * @param {import("../types").Task[]} tasks
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {Map<string, import("../types").Entry>}
 */
function counts(tasks, snapshot) {
  const counts = new Map();
  for (const item of snapshot.isCut ? snapshot.groups : tasks) {
    const key = item.site ?? item.role;
    const known = counts.get(key);
    if (known) known.count += item.count ?? 1;
    else counts.set(key, { count: item.count ?? 1, one: item, snapshot });
  }
  return new Map([...counts.values()].map((entry) => [siteKey(entry.one, snapshot), entry]));
}

/**
 * @param {Map<string, import("../types").Entry>} before
 * @param {Map<string, import("../types").Entry>} after
 * @param {import("../types").Sort} sort
 * @returns {import("../types").Row[]}
 */
function growthRows(before, after, { column, down }) {
  const rows = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key)?.count ?? 0, after.get(key)?.count ?? 0];
    if (was !== is) rows.push(growthRow(key, was, is, after.get(key) ?? before.get(key)));
  }
  return sortedBy(rows, ({ keys }) => keys[column], down);
}

/**
 * @param {string} key
 * @param {number} was
 * @param {number} is
 * @param {import("../types").Entry} entry
 * @returns {import("../types").Row}
 */
function growthRow(key, was, is, { one, snapshot }) {
  const delta = is - was;
  const at = snapshot.at(one);
  const keys = { delta, group: one.role, before: was, after: is, site: at };
  const cells = {
    delta: () => [[delta > 0 ? "more" : "less", signed(delta)]],
    group: () => [["role", visible(one.role)]],
    before: () => plain(count(was)),
    after: () => plain(count(is)),
    place: () => plain(""),
    site: () => plain(at),
  };
  return { key: `growth ${key}`, keys, group: one, snapshot, cell: (column) => cells[column]() };
}

/**
 * @param {string} title
 * @param {string} note
 * @param {import("../types").Task[]} tasks
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {Set<import("../types").Key>} toggled
 * @param {import("../types").Sort} sort
 * @returns {(import("../types").Row | import("../types").Member)[]}
 */
function sectionRows(title, note, tasks, snapshot, toggled, sort) {
  const key = `section ${title}`;
  const expanded = toggled.has(key);
  /** @type {(column: string) => import("../types").Piece[]} */
  const cell = (column) => (column === "group" ? [["", `${title} (${count(tasks.length)})${note}`]] : plain(""));
  const section = { key, cell, level: 1, children: tasks.length, expanded, className: "section" };
  return [section, ...(expanded ? sortedTasks(tasks, sort, snapshot).map((task) => ({ key: task.id, task, snapshot })) : [])];
}

/**
 * @param {import("../types").Member} member
 * @returns {import("../types").Row}
 */
function memberRow({ key, task, snapshot }) {
  const cells = { group: who(task), place: waits(task, snapshot), site: plain(snapshot.at(task)) };
  return { key, task, snapshot, level: 2, cell: (column) => cells[column] ?? plain("") };
}
