// Which siblings are alike, so that one row stands for all of them. As in a dump as text, they have the same site, state
// and stack, and so have those below them, one by one.

/** How many alike siblings have a row each. */
const MOST_ALIKE = 4;

/** Gives each node a number as its `shape`: alike nodes have the same one. */
function findShapes(roots, snapshot) {
  const nodes = [...roots];
  for (let i = 0; i < nodes.length; i++) for (const child of nodes[i].children ?? []) nodes.push(child);
  const known = new Map();
  // Those below a node come after it, and are needed first.
  for (let i = nodes.length - 1; i >= 0; i--) {
    const key = shapeKey(nodes[i], snapshot);
    let shape = known.get(key);
    if (shape === undefined) known.set(key, (shape = known.size));
    nodes[i].shape = shape;
  }
}

/** A number for a node without children, or else a text. */
function shapeKey({ id, task, ancestor, children }, snapshot) {
  const own = ownKey(id, task ?? ancestor, snapshot.tables.stacks.length);
  if (!children) return own;
  const counts = new Map();
  for (const { shape } of children) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  return `${own} ${[...counts].sort(([a], [b]) => a - b).join(" ")}`;
}

/** A number for a site, a state, a stack, and whether it runs no task. Threads that instrumented code has not spawned are like no other. */
function ownKey(id, { site, state, stack, runs_no_task: idle }, stacks) {
  if (site == null) return -id;
  const which = (site * (STATES.length + 1) + STATES.indexOf(state) + 1) * 2 + (idle ? 1 : 0);
  return which * (stacks + 1) + (stack ?? -1) + 1;
}

/** The children of a node, with one node in place of those of which more than a few are alike. */
function foldAlike(children, parent, snapshot) {
  if (children.length <= MOST_ALIKE) return children;
  const sets = groupBy(children, ({ shape }) => shape);
  if (sets.size === children.length) return children;
  const keys = new Map();
  return children.flatMap((child) => {
    const members = sets.get(child.shape);
    if (members.length <= MOST_ALIKE) return [child];
    return members[0] === child ? [foldOf(members, foldKey(child, parent, snapshot, keys))] : [];
  });
}

/** A key that the same fold has in the next snapshot, too, as far as can be told. `keys` counts those that are there. */
function foldKey({ task, ancestor }, parent, snapshot, keys) {
  const key = `alike ${parent} ${snapshot.at(task ?? ancestor)} ${task?.state ?? "ended"}`;
  const before = keys.get(key) ?? 0;
  keys.set(key, before + 1);
  return before ? `${key} ${before + 1}` : key;
}

function foldOf(members, id) {
  return { id, members, children: members, selected: members.some(({ selected }) => selected), level: 0, expanded: false };
}

/** A row for alike siblings. */
function alikeRow({ id, members, selected, level, expanded }, snapshot) {
  const tasks = members.map(({ task, ancestor }) => task ?? ancestor);
  const [first] = tasks;
  const cells = {
    who: [["count", `${count(tasks.length)} ×`], ["role", visible(first.role)], ["faint", someNames(names(tasks))]],
    state: state({ state: first.state ?? "ended" }),
    since: upTo(tasks, "state_ms"), age: upTo(tasks, "age_ms"),
    place: waits(first, snapshot), site: plain(snapshot.at(first)),
  };
  const className = selected ? "alike" : "alike context";
  return { key: id, snapshot, level, children: members.length, expanded, className, cell: (column) => cells[column] ?? plain("") };
}

/** The longest of some times. */
function upTo(tasks, key) {
  const longest = tasks.reduce((longest, task) => Math.max(longest, task[key] ?? -1), -1);
  return plain(longest < 0 ? "" : `≤ ${ago(longest)}`);
}
