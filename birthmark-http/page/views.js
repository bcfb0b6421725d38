// From a snapshot to the rows of a view.

const VIEWS = {
  tree: { columns: ["who", "id", "state", "since", "age", "polls", "place", "site"], rows: treeRows },
  table: { columns: ["id", "who", "labels", "state", "since", "age", "polls", "place", "kind", "site"], rows: tableRows, sortable: true },
  groups: { columns: ["count", "group", "state", "ages", "place", "site"], rows: groupRows },
  compare: { columns: ["delta", "group", "before", "after", "place", "site"], rows: compareRows },
};

function tableRows({ snapshot, tasks, sort }) {
  return new Rows(sorted(tasks, sort, snapshot), (task) => taskRow(task, snapshot), (task) => task.id);
}

/** What is alike has the same site, role, state and stack. */
function groupKey(task, snapshot) {
  return `${siteKey(task, snapshot)}\n${task.state}\n${snapshot.place(task) ?? ""}`;
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

function groupRows({ snapshot, tasks }) {
  const groups = [...groupBy(tasks, (task) => groupKey(task, snapshot))];
  groups.sort(([, a], [, b]) => b.length - a.length);
  return new Rows(groups, ([key, members]) => groupRow(key, members, snapshot), ([key]) => key);
}

function groupRow(key, members, snapshot) {
  const first = members[0];
  const cells = {
    count: () => plain(`${count(members.length)} ×`),
    group: () => [["role", visible(first.role)], ["faint", names(members)]],
    state: () => state(first),
    ages: () => plain(ages(members)),
    place: () => waits(first, snapshot),
    site: () => plain(snapshot.at(first)),
  };
  return { key, members, snapshot, cell: (column) => cells[column]() };
}

/** The names of the first few. */
function names(members) {
  const some = new Set();
  for (const { name } of members) {
    if (name) some.add(visible(name));
    if (some.size > 3) break;
  }
  const shown = [...some].slice(0, 3).join(", ");
  return shown && `  ${shown}${some.size > 3 ? ", …" : ""}`;
}

function ages(members) {
  let [least, most] = [Infinity, 0];
  for (const { age_ms } of members) {
    if (age_ms == null) return "";
    [least, most] = [Math.min(least, age_ms), Math.max(most, age_ms)];
  }
  return ago(least) === ago(most) ? ago(most) : `${ago(least)} to ${ago(most)}`;
}
