// From a snapshot to the rows of a view.

/** `sort` says by which column rows are sorted, where one can choose. */
const VIEWS = {
  tree: { columns: ["who", "id", "state", "since", "age", "polls", "place", "site"], rows: treeRows },
  table: {
    columns: ["id", "who", "labels", "state", "since", "age", "polls", "place", "kind", "site"],
    rows: tableRows,
    sort: { column: "age", down: true },
  },
  groups: { columns: ["count", "group", "state", "ages", "place", "site"], rows: groupRows },
  compare: { columns: ["delta", "group", "before", "after", "place", "site"], rows: compareRows },
  threads: {
    columns: ["thread", "id", "state", "doing", "cpu", "record", "runs", "stands"],
    rows: threadRows,
    sort: { column: "id", down: false },
  },
};

function tableRows({ snapshot, tasks, sort }) {
  return new Rows(sorted(tasks, sort, snapshot), (task) => taskRow(task, snapshot), (task) => task.id);
}

/** What is alike has the same site, role, state and stack; of threads that a pool keeps, those that run no task are apart. */
function groupKey(task, snapshot) {
  return `${siteKey(task, snapshot)}\n${task.state}\n${task.runs_no_task ?? ""}\n${snapshot.place(task) ?? ""}`;
}

const siteKey = (task, snapshot) => `${snapshot.at(task)}\n${task.role}`;

function groupBy(tasks, keyOf) {
  const groups = new Map();
  for (const task of tasks) {
    const key = keyOf(task);
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return groups;
}

/** What is in groups: the tasks, or where they are not all here, what the program says of them. */
function groupRows({ snapshot, tasks }) {
  const groups = snapshot.isCut ? snapshot.groups : grouped(tasks, snapshot);
  return new Rows(groups, (group) => groupRow(group, snapshot), (group) => groupKey(group, snapshot));
}

/** Groups as the program tells them, the largest first, and last those that run no task. */
function grouped(tasks, snapshot) {
  const groups = [...groupBy(tasks, (task) => groupKey(task, snapshot)).values()];
  const isIdle = ([{ runs_no_task: idle }]) => (idle ? 1 : 0);
  return groups.sort((a, b) => isIdle(a) - isIdle(b) || b.length - a.length).map(group);
}

function group(members) {
  const [{ role, kind, site, state, stack, runs_no_task, unrecorded }] = members;
  return { count: members.length, role, kind, site, state, stack, runs_no_task, unrecorded, ...ages(members), ...names(members) };
}

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

const someNames = ({ names, more_names: more }) => names.map(visible).join(", ") + (more ? ", …" : "");

/** The names of the first few. */
function names(members) {
  const some = new Set();
  for (const { name } of members) {
    if (name) some.add(name);
    if (some.size > 3) break;
  }
  return { names: [...some].slice(0, 3), more_names: some.size > 3 };
}

function ages(members) {
  let [youngest_ms, age_ms] = [Infinity, 0];
  for (const member of members) {
    if (member.age_ms == null) return { age_ms: null };
    youngest_ms = Math.min(youngest_ms, member.age_ms);
    age_ms = Math.max(age_ms, member.age_ms);
  }
  return { youngest_ms, age_ms };
}

/** The program does not tell the age of the youngest. */
function span({ youngest_ms: least, age_ms: most }) {
  if (least === undefined) return most == null ? "" : `up to ${ago(most)}`;
  return ago(least) === ago(most) ? ago(most) : `${ago(least)} to ${ago(most)}`;
}
