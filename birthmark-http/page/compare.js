// What has changed between two moments.

/** Growth by site, and the tasks that are new, gone, or where they were. */
function compareRows({ snapshot, tasks, marked, markedTasks, toggled }) {
  if (!marked) return new Rows([]);
  const now = new Set(tasks.map((task) => task.id));
  const then = new Map(markedTasks.map((task) => [task.id, task]));
  const stays = ({ id, polls, state }) => then.get(id)?.polls === polls && then.get(id).state === state;
  const rows = [
    ...growthRows(marked, markedTasks, snapshot, tasks),
    ...sectionRows("New", tasks.filter((task) => !then.has(task.id)), snapshot, toggled),
    ...sectionRows("Gone", markedTasks.filter((task) => !now.has(task.id)), marked, toggled),
    ...sectionRows("Unchanged: neither polled nor in another state", tasks.filter(stays), snapshot, toggled),
  ];
  return new Rows(rows, (row) => (row.cell ? row : memberRow(row)), (row) => row.key);
}

function growthRows(marked, markedTasks, snapshot, tasks) {
  const before = groupBy(markedTasks, (task) => siteKey(task, marked));
  const after = groupBy(tasks, (task) => siteKey(task, snapshot));
  const rows = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key) ?? [], after.get(key) ?? []];
    if (was.length !== is.length) rows.push(growthRow(key, was, is, is.length ? snapshot : marked));
  }
  return rows.sort((a, b) => b.delta - a.delta);
}

function growthRow(key, was, is, snapshot) {
  const [first] = is.length ? is : was;
  const delta = is.length - was.length;
  const cells = {
    delta: () => [[delta > 0 ? "more" : "less", signed(delta)]],
    group: () => [["role", visible(first.role)]],
    before: () => plain(count(was.length)),
    after: () => plain(count(is.length)),
    place: () => plain(""),
    site: () => plain(snapshot.at(first)),
  };
  return { key: `growth ${key}`, delta, members: is.length ? is : was, snapshot, cell: (column) => cells[column]() };
}

function sectionRows(title, tasks, snapshot, toggled) {
  const key = `section ${title}`;
  const expanded = toggled.has(key);
  const cell = (column) => (column === "group" ? [["", `${title} (${count(tasks.length)})`]] : plain(""));
  const section = { key, cell, level: 1, children: tasks.length, expanded, className: "section" };
  return [section, ...(expanded ? tasks.map((task) => ({ key: task.id, task, snapshot })) : [])];
}

function memberRow({ key, task, snapshot }) {
  const cells = { group: who(task), place: waits(task, snapshot), site: plain(snapshot.at(task)) };
  return { key, task, snapshot, level: 2, cell: (column) => cells[column] ?? plain("") };
}
