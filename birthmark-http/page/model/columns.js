// The columns of all views.

import { ago, count, seconds, visible } from "./text.js";
import { labelText } from "./labels.js";
import { heat, plain, state, waits, who } from "./cells.js";
import { doing, isRecorded, record, runs, standsIn } from "./thread-cells.js";

/** The reason why a thread may have no count of polls. */
export const NO_POLLS = "none: a thread is not polled, and it has polled no future in a block_on of instrumented code";

/** @type {Record<string, import("../types").Column>} */
export const COLUMNS = {
  id: { title: "Id", width: "4.5em", kind: "number", by: (task) => task.id, cell: (task) => plain(task.id) },
  who: {
    title: "Task", width: "minmax(9em, 3fr)", kind: "who", cell: who,
    by: (task) => `${task.name ?? "\uffff"} ${task.role}`,
  },
  labels: { title: "Labels", width: "minmax(6em, 2fr)", kind: "faint", by: labelText, cell: (task) => plain(labelText(task)) },
  state: { title: "State", width: "7em", kind: "", by: (task) => task.state ?? "ended", cell: state },
  since: {
    title: "For", width: "4.5em", kind: "number", by: (task) => task.state_ms ?? -1,
    cell: (task) => [[heat(task), ago(task.state_ms)]],
  },
  age: {
    title: "Age", width: "4.5em", kind: "number", by: (task) => task.age_ms ?? -1,
    cell: (task) => plain(ago(task.age_ms)),
  },
  polls: {
    title: "Polls", width: "4.5em", kind: "number", by: (task) => task.polls ?? -1,
    cell: (task) => plain(task.polls == null ? "–" : count(task.polls)), note: (task) => (task.polls == null ? NO_POLLS : ""),
  },
  place: {
    title: "Awaits", width: "minmax(7em, 3fr)", kind: "place", cell: waits,
    by: (task, snapshot) => snapshot.innermost(task)?.what ?? "\uffff",
  },
  kind: { title: "Kind", width: "7.5em", kind: "faint", by: (task) => task.kind, cell: (task) => plain(task.kind) },
  site: {
    title: "Spawned at", width: "minmax(10em, 2fr)", kind: "site", by: (task, snapshot) => snapshot.at(task),
    cell: (task, snapshot) => plain(snapshot.at(task)),
  },

  // Columns of groups only.
  count: { title: "Tasks", width: "6em", kind: "number", by: bySize },
  group: { title: "Task", width: "minmax(12em, 3fr)", kind: "who", by: ({ role, names }) => [role, ...names].join(" ") },
  longest: { title: "For", width: "6em", kind: "number", by: ({ max_state_ms: most }) => most ?? -1 },
  ages: { title: "Age", width: "9em", kind: "", by: ({ max_age_ms: most }) => most ?? -1 },
  trend: { title: "Alive", width: "6em", kind: "trend", by: ({ past }) => past?.live.at(-1) ?? -1 },
  spawns: { title: "Spawns/s", width: "5.5em", kind: "number", by: ({ past }) => past?.spawns ?? -1 },
  polled: { title: "Polls/s", width: "5.5em", kind: "number", by: ({ past }) => past?.polls ?? -1 },

  // Columns of differences only, which sort their rows by what these show.
  delta: { title: "Growth", width: "6em", kind: "number" },
  before: { title: "Before", width: "6em", kind: "number" },
  after: { title: "After", width: "6em", kind: "number" },

  // Columns of OS threads.
  thread: { title: "Thread", width: "minmax(9em, 2fr)", kind: "who", by: ({ name }) => name, cell: ({ name }) => [["role", visible(name)]] },
  doing: { title: "In the kernel", width: "minmax(8em, 2fr)", kind: "doing", by: (thread) => thread.doing, cell: doing },
  cpu: { title: "CPU", width: "5em", kind: "number", by: ({ cpu_ms }) => cpu_ms ?? -1, cell: ({ cpu_ms }) => plain(seconds(cpu_ms)) },
  runs: { title: "Runs", width: "minmax(9em, 3fr)", kind: "runs", by: ({ tasks }) => tasks[0] ?? Infinity, cell: runs },
  record: { title: "Record", width: "7em", kind: "record", by: isRecorded, cell: record },
  stands: { title: "Stands in", width: "minmax(9em, 3fr)", kind: "place", by: standsIn, cell: (thread, snapshot) => [["role", visible(standsIn(thread, snapshot))]] },
};

/**
 * Returns the number by which groups are sorted at first. Idle ones come last.
 * @param {import("../types").Group} group
 */
function bySize({ count, runs_no_task: idle }) {
  return idle ? count - Number.MAX_SAFE_INTEGER : count;
}

/**
 * Returns the items sorted by a column.
 * @template T
 * @param {T[]} items
 * @param {import("../types").Sort} sort
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {T[]}
 */
export function sorted(items, { column, down }, snapshot) {
  const { by } = COLUMNS[column];
  return sortedBy(items, (item) => by(item, snapshot), down);
}

/**
 * Returns the items sorted by a key. Items with the same key keep their order.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => any} keyOf
 * @param {boolean} down
 * @returns {T[]}
 */
export function sortedBy(items, keyOf, down) {
  const sign = down ? -1 : 1;
  const keyed = items.map((item) => [keyOf(item), item]);
  keyed.sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0));
  return keyed.map(([, item]) => item);
}

/**
 * @param {import("../types").Task} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Row}
 */
export function taskRow(task, snapshot) {
  return { key: task.id, task, snapshot, cell: (column) => COLUMNS[column].cell(task, snapshot) };
}
