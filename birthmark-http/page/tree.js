// Who spawned whom.

/** Above this many children, a node is folded until it is opened. */
const MANY = 200;

function treeRows({ snapshot, tasks, toggled }) {
  const nodes = flat(rootsOf(snapshot, tasks), toggled, snapshot);
  // Scrolling asks for the same row again, and there may be many nodes behind it.
  const row = (node) => (node.row ??= node.members ? alikeRow(node, snapshot) : treeRow(node, snapshot));
  return new Rows(nodes, row, (node) => node.id);
}

/** The roots of the tree. That of a whole snapshot is made once. */
function rootsOf(snapshot, tasks) {
  const make = () => {
    const roots = forest(snapshot, tasks);
    findShapes(roots, snapshot);
    return roots;
  };
  return tasks === snapshot.tasks ? (snapshot.roots ??= make()) : make();
}

/** The nodes that are not folded away, from the top down. */
function flat(roots, toggled, snapshot) {
  const nodes = [];
  const path = [];
  const push = (children, level) => {
    for (let i = children.length - 1; i >= 0; i--) {
      children[i].level = level;
      path.push(children[i]);
    }
  };
  push(foldAlike(roots, 0, snapshot), 1);
  while (path.length > 0) {
    const node = path.pop();
    node.row = undefined;
    nodes.push(node);
    if (!node.children) continue;
    const rows = node.members ?? foldAlike(node.children, node.id, snapshot);
    const isFolded = node.members !== undefined || rows.length > MANY;
    node.expanded = isFolded === toggled.has(node.id);
    if (node.expanded) push(rows, node.level + 1);
  }
  return nodes;
}

/** The selected tasks, and their ancestors, alive or not. */
function forest(snapshot, tasks) {
  const nodes = new Map();
  const roots = [];
  const add = (id, task, ancestor, above) => {
    const node = { id, task, ancestor, children: null, selected: false, shape: 0, level: 0, expanded: false, row: undefined };
    nodes.set(id, node);
    if (above == null) roots.push(node);
    else (place(above).children ??= []).push(node);
    return node;
  };
  const place = (index) => {
    const ancestor = snapshot.tables.ancestors[index];
    return nodes.get(ancestor.id) ?? add(ancestor.id, snapshot.byId(ancestor.id), ancestor, ancestor.ancestor);
  };
  for (const task of tasks) (nodes.get(task.id) ?? add(task.id, task, null, task.ancestor)).selected = true;
  return roots;
}

function treeRow({ id, task, ancestor, children, selected, level, expanded }, snapshot) {
  const folded = children && !expanded ? [["faint", `${children.length === 1 ? "1 child" : `${count(children.length)} children`}`]] : [];
  const cell = (column) => {
    if (column === "who") return [...who(task ?? ancestor), ...folded];
    if (task) return COLUMNS[column].cell(task, snapshot);
    return plain({ id: String(id), state: "ended" }[column] ?? "");
  };
  const className = selected ? "" : "context";
  return { key: id, task, snapshot, level, children: children?.length ?? 0, expanded, className, cell };
}
