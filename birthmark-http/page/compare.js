// What has changed between two moments.

/** Growth by site, and the tasks that are new, gone, or where they were. */
function compareRows({ snapshot, tasks, marked, markedTasks, toggled }) {
  if (!marked || !isComparable(marked, snapshot)) return new Rows([]);
  const rows = [
    ...growthRows(counts(markedTasks, marked), counts(tasks, snapshot)),
    ...(snapshot.isCut || marked.isCut ? [] : fateRows(snapshot, tasks, marked, markedTasks, toggled)),
  ];
  return new Rows(rows, (row) => (row.cell ? row : memberRow(row)), (row) => row.key);
}

/** Whether both are of the same process, and of what the same search has selected. */
const isComparable = ({ head: then }, { head: now }) => then.pid === now.pid && then.filter === now.filter;

function fateRows(snapshot, tasks, marked, markedTasks, toggled) {
  const { added, gone, unchanged } = fates(markedTasks, tasks);
  return [
    ...sectionRows("New", "", added, snapshot, toggled),
    ...sectionRows("Gone", "", gone, marked, toggled),
    ...sectionRows("Unchanged", ": neither polled nor in another state", unchanged, snapshot, toggled),
  ];
}

/** What became of tasks: both lists are by id, so one walk along them tells. */
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

/** Whether a task has done nothing. What one has done that was running all the while, in the same poll, is not known. */
const isUnchanged = (then, now) => now.state !== "running" && then.state === now.state && then.polls === now.polls;

/** How many tasks each site has, with one of them or their group. Of threads that nobody spawned, the role counts. */
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

function growthRows(before, after) {
  const rows = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key)?.count ?? 0, after.get(key)?.count ?? 0];
    if (was !== is) rows.push(growthRow(key, was, is, after.get(key) ?? before.get(key)));
  }
  return rows.sort((a, b) => b.delta - a.delta);
}

function growthRow(key, was, is, { one, snapshot }) {
  const delta = is - was;
  const cells = {
    delta: () => [[delta > 0 ? "more" : "less", signed(delta)]],
    group: () => [["role", visible(one.role)]],
    before: () => plain(count(was)),
    after: () => plain(count(is)),
    place: () => plain(""),
    site: () => plain(snapshot.at(one)),
  };
  return { key: `growth ${key}`, delta, group: one, snapshot, cell: (column) => cells[column]() };
}

function sectionRows(title, note, tasks, snapshot, toggled) {
  const key = `section ${title}`;
  const expanded = toggled.has(key);
  const cell = (column) => (column === "group" ? [["", `${title} (${count(tasks.length)})${note}`]] : plain(""));
  const section = { key, cell, level: 1, children: tasks.length, expanded, className: "section" };
  return [section, ...(expanded ? tasks.map((task) => ({ key: task.id, task, snapshot })) : [])];
}

function memberRow({ key, task, snapshot }) {
  const cells = { group: who(task), place: waits(task, snapshot), site: plain(snapshot.at(task)) };
  return { key, task, snapshot, level: 2, cell: (column) => cells[column] ?? plain("") };
}
