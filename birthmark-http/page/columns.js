// What stands in a row. A cell is a list of pieces: a class, a text, and perhaps the id of a task to follow.

/** Tasks, threads, and ancestors, by how people know them. */
const who = (task) => [
  [task.name_origin === "inherited" ? "name inherited" : "name", task.name ? visible(task.name) + (task.name_cut ? "…" : "") : ""],
  ["role", visible(task.role)],
];
const called = (task, id) => (task ? [task.name, task.role].filter(Boolean).map(visible).join(" · ") : `task ${id}`);
const state = (task) => [[`state ${task.state}`, task.state]];
const plain = (text) => [["", text]];

/** Why a thread has no count of polls. */
const NO_POLLS = "not counted: a thread is not polled, and a future that it blocks on has no count";

/** Where it waits: what for, and in which function. */
function waits(task, snapshot) {
  const { what, where } = snapshot.innermost(task) ?? { what: "", where: "" };
  const ofThread = task.runs_no_task ? "runs no recorded task" : task.unrecorded ? "by futures without a record" : "";
  return [["await", visible(what)], ["faint", ofThread], ["faint", where]];
}

/** `width` is a track of a grid; by what `by` returns, rows are sorted. */
const COLUMNS = {
  id: { title: "Id", width: "4.5em", kind: "number", by: (task) => task.id, cell: (task) => plain(task.id) },
  who: {
    title: "Task", width: "minmax(9em, 3fr)", kind: "who", cell: who,
    by: (task) => `${task.name ?? "\uffff"} ${task.role}`,
  },
  labels: { title: "Labels", width: "minmax(6em, 2fr)", kind: "faint", by: labelText, cell: (task) => plain(labelText(task)) },
  state: { title: "State", width: "7em", kind: "", by: (task) => task.state, cell: state },
  since: {
    title: "For", width: "4.5em", kind: "number", by: (task) => task.state_ms ?? -1,
    cell: (task) => plain(ago(task.state_ms)),
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

  // Those that only groups have.
  count: { title: "Tasks", width: "7em", kind: "number" },
  group: { title: "Task", width: "minmax(12em, 3fr)", kind: "who" },
  ages: { title: "Age", width: "10em", kind: "" },
  delta: { title: "Growth", width: "6em", kind: "number" },
  before: { title: "Before", width: "6em", kind: "number" },
  after: { title: "After", width: "6em", kind: "number" },

  // Those of OS threads.
  thread: { title: "Thread", width: "minmax(9em, 2fr)", kind: "who", by: ({ name }) => name, cell: ({ name }) => [["role", visible(name)]] },
  doing: { title: "In the kernel", width: "minmax(8em, 2fr)", kind: "doing", by: (thread) => thread.doing, cell: doing },
  cpu: { title: "CPU", width: "5em", kind: "number", by: ({ cpu_ms }) => cpu_ms ?? -1, cell: ({ cpu_ms }) => plain(seconds(cpu_ms)) },
  runs: { title: "Runs", width: "minmax(9em, 3fr)", kind: "runs", by: ({ tasks }) => tasks[0] ?? Infinity, cell: runs },
  record: { title: "Record", width: "7em", kind: "record", by: isRecorded, cell: record },
  stands: { title: "Stands in", width: "minmax(9em, 3fr)", kind: "place", by: standsIn, cell: (thread) => [["role", visible(standsIn(thread))]] },
};

/** The rows by a column, downwards or upwards; among alike ones, in the order that they have. */
function sorted(items, { column, down }, snapshot) {
  const { by } = COLUMNS[column];
  const sign = down ? -1 : 1;
  const keyed = items.map((item) => [by(item, snapshot), item]);
  keyed.sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0));
  return keyed.map(([, item]) => item);
}

/** A row for a task, with the columns that it has in a table. */
function taskRow(task, snapshot) {
  return { key: task.id, task, snapshot, cell: (column) => COLUMNS[column].cell(task, snapshot) };
}
