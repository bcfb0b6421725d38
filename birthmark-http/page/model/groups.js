// Groups of tasks.

import { ago, count, rate, visible } from "./text.js";
import { BY_AWAIT, grouping, siteKey, usableGrouping } from "./grouping.js";
import { heat, plain, state, waits } from "./cells.js";
import { sorted } from "./columns.js";
import { Rows } from "./rows.js";

/**
 * Returns the groups of the tasks, or the program's own groups if the snapshot does not have all tasks.
 * @param {import("../types").Input} input
 * @returns {import("../model/rows.js").Rows}
 */
export function groupRows({ snapshot, tasks, sort, by: wanted = BY_AWAIT, history }) {
  const by = usableGrouping(wanted, snapshot);
  /** @type {(import("../types").Task | import("../types").Group)[]} */
  const items = snapshot.isCut ? snapshot.groups : tasks;
  const sets = [...groupBy(items, (item) => groupKey(item, snapshot, by)).entries()];
  const groups = sets.map(([key, members]) => {
    const group = groupOf(members, key);
    group.past = history?.of(by, grouping(by).keyOf(group.first, snapshot));
    return group;
  });
  const row = (group) => groupRow(group, snapshot, by, history?.span ?? 0);
  return new Rows(sorted(groups, sort ?? BY_SIZE, snapshot), row, ({ key }) => key);
}

/** The sort of groups at first: the largest first, idle ones last. */
export const BY_SIZE = { column: "count", down: true };

/**
 * Returns a key that the tasks of a group share. At first, these are tasks of the same site, role, state and stack. Idle
 * threads of a pool are apart.
 * @param {import("../types").Described} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {string} by
 */
function groupKey(task, snapshot, by) {
  if (by !== BY_AWAIT) return grouping(by).keyOf(task, snapshot);
  return `${siteKey(task, snapshot)}\n${task.state}\n${task.runs_no_task ?? ""}\n${snapshot.place(task) ?? ""}`;
}

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
 * @param {(import("../types").Task | import("../types").Group)[]} members
 * @param {string} key
 * @returns {import("../types").Group}
 */
function groupOf(members, key) {
  const [first] = members;
  const common = (key) => (members.every((member) => member[key] === first[key]) ? first[key] : undefined);
  const state = common("state");
  return {
    key, first, role: first.role, kind: first.kind, site: common("site"), stack: common("stack"),
    count: members.reduce((sum, { count = 1 }) => sum + count, 0),
    state: state ?? stateCounts(members), isMixed: state === undefined,
    runs_no_task: common("runs_no_task"), unrecorded: common("unrecorded"),
    max_state_ms: longestInState(members), ...ages(members), ...names(members),
  };
}

/**
 * Returns the count of each state.
 * @param {{ state?: string, count?: number }[]} items
 */
export function stateCounts(items) {
  const states = new Map();
  for (const { state, count = 1 } of items) states.set(state, (states.get(state) ?? 0) + count);
  return [...states].map(([state, number]) => `${count(number)} ${state}`).join(", ");
}

/**
 * @param {import("../types").Group} group
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {string} by
 * @param {number} span
 * @returns {import("../types").Row}
 */
function groupRow(group, snapshot, by, span) {
  const { past } = group;
  const cells = {
    count: () => plain(`${count(group.count)} ×`),
    group: () => title(group, snapshot, by),
    state: () => (group.isMixed ? [["faint", group.state]] : state(group)),
    longest: () => longest(group),
    ages: () => plain(range(group)),
    trend: () => plain(past ? trend(past.live, span) : ""),
    spawns: () => plain(rate(past?.spawns)),
    polled: () => plain(rate(past?.polls)),
    place: () => waits(group, snapshot),
    site: () => plain(snapshot.at(group)),
  };
  const search = grouping(by).search(group.first, snapshot);
  return { key: group.key, group, snapshot, search, trend: past?.live, cell: (column) => cells[column]() };
}

/**
 * Returns what the tasks of a group have in common.
 * @param {import("../types").Group} group
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {string} by
 * @returns {import("../types").Piece[]}
 */
function title(group, snapshot, by) {
  const { showsRole, keyOf } = grouping(by);
  if (showsRole) return [["role", visible(group.role)], ["faint", someNames(group)]];
  const text = keyOf(group.first, snapshot);
  return text ? [["name", visible(text)]] : [["faint", "none"]];
}

/**
 * Returns a text such as `3 now, 1 to 17 in the last 4 min`.
 * @param {number[]} live
 * @param {number} span
 */
function trend(live, span) {
  const [least, most] = [Math.min(...live), Math.max(...live)];
  const others = least === most ? "unchanged" : `${count(least)} to ${count(most)}`;
  return `${count(live.at(-1))} now, ${others} in the last ${ago(span)}`;
}

/** @param {{ names: string[], more_names?: boolean }} group */
export const someNames = ({ names, more_names: more }) => names.map(visible).join(", ") + (more ? ", …" : "");

/**
 * Returns the first three different names.
 * @param {{ name?: string, names?: string[], more_names?: boolean }[]} members
 */
export function names(members) {
  const some = new Set();
  for (const { name, names = name ? [name] : [] } of members) {
    for (const name of names) some.add(name);
    if (some.size > 3) break;
  }
  return { names: [...some].slice(0, 3), more_names: some.size > 3 || members.some(({ more_names: more }) => more === true) };
}

/**
 * Returns the longest time for which one of the tasks has been in its state; `null` if it is not known of all.
 * @param {{ state_ms?: number | null, max_state_ms?: number | null }[]} members
 */
function longestInState(members) {
  let most = 0;
  for (const { state_ms, max_state_ms = state_ms } of members) {
    if (max_state_ms == null) return null;
    most = Math.max(most, max_state_ms);
  }
  return most;
}

/**
 * Tasks in several states have no time in common.
 * @param {import("../types").Group} group
 * @returns {import("../types").Piece[]}
 */
function longest({ isMixed, state, kind, max_state_ms: most }) {
  return isMixed || most == null ? plain("") : [[heat({ role: "", state, kind, state_ms: most }), `≤ ${ago(most)}`]];
}

/**
 * Returns the range of ages. The program's own groups lack the age of the youngest.
 * @param {{ age_ms?: number | null, min_age_ms?: number, max_age_ms?: number | null }[]} members
 * @returns {{ min_age_ms?: number, max_age_ms: number | null }}
 */
function ages(members) {
  let [least, most, isKnown] = [Infinity, 0, true];
  for (const { age_ms, min_age_ms = age_ms, max_age_ms = age_ms } of members) {
    if (max_age_ms == null) return { max_age_ms: null };
    isKnown &&= min_age_ms !== undefined;
    least = Math.min(least, min_age_ms ?? Infinity);
    most = Math.max(most, max_age_ms);
  }
  return { min_age_ms: isKnown ? least : undefined, max_age_ms: most };
}

/** @param {{ min_age_ms?: number, max_age_ms?: number | null }} group */
function range({ min_age_ms: least, max_age_ms: most }) {
  if (least === undefined) return most == null ? "" : `up to ${ago(most)}`;
  return ago(least) === ago(most) ? ago(most) : `${ago(least)} to ${ago(most)}`;
}
