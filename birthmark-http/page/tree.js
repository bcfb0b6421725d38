// Who spawned whom.

/** Above this many children, a node is folded until it is opened. */
const MANY = 200;

function treeRows({ snapshot, tasks, toggled }) {
  const nodes = flat(forest(snapshot, tasks), toggled);
  return new Rows(nodes, (node) => treeRow(node, snapshot), (node) => node.id);
}

/** The nodes that are not folded away, from the top down. */
function flat(roots, toggled) {
  const nodes = [];
  const path = [];
  const push = (children, level) => {
    for (let i = children.length - 1; i >= 0; i--) {
      children[i].level = level;
      path.push(children[i]);
    }
  };
  push(roots, 1);
  while (path.length > 0) {
    const node = path.pop();
    nodes.push(node);
    if (!node.children) continue;
    node.expanded = node.children.length > MANY === toggled.has(node.id);
    if (node.expanded) push(node.children, node.level + 1);
  }
  return nodes;
}

/** The selected tasks, and their ancestors, alive or not. */
function forest(snapshot, tasks) {
  const nodes = new Map();
  const roots = [];
  const add = (id, ancestor, above) => {
    const node = { id, ancestor, children: null, selected: false, level: 0, expanded: false };
    nodes.set(id, node);
    if (above == null) roots.push(node);
    else (place(above).children ??= []).push(node);
    return node;
  };
  const place = (index) => {
    const ancestor = snapshot.tables.ancestors[index];
    return nodes.get(ancestor.id) ?? add(ancestor.id, ancestor, ancestor.ancestor);
  };
  for (const task of tasks) (nodes.get(task.id) ?? add(task.id, null, task.ancestor)).selected = true;
  return roots;
}

function treeRow({ id, ancestor, children, selected, level, expanded }, snapshot) {
  const task = snapshot.byId(id);
  const folded = children && !expanded ? [["faint", `${children.length === 1 ? "1 child" : `${count(children.length)} children`}`]] : [];
  const cell = (column) => {
    if (column === "who") return [...who(task ?? ancestor), ...folded];
    if (task) return COLUMNS[column].cell(task, snapshot);
    return plain({ id: String(id), state: "ended" }[column] ?? "");
  };
  const className = selected ? "" : "context";
  return { key: id, task, snapshot, level, children: children?.length ?? 0, expanded, className, cell };
}
