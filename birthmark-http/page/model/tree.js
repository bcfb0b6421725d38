// The tree of tasks: each is below the task that spawned it.

import { count } from "./text.js";
import { plain, who } from "./cells.js";
import { COLUMNS, sortedBy } from "./columns.js";
import { Rows } from "./rows.js";
import { alikeRow, findShapes, foldAlike } from "./alike.js";

/** A node with more children than this is folded at first. */
const MANY = 200;

/** The sort of siblings at first. */
export const BY_ID = { column: "id", down: false };

/**
 * @param {import("../types").Input} input
 * @returns {import("../model/rows.js").Rows}
 */
export function treeRows({ snapshot, tasks, toggled, sort }) {
  const nodes = flat(rootsOf(snapshot, tasks), toggled, snapshot, sort ?? BY_ID);
  // Scrolling reads the same row again, and a fold may have many members.
  const row = (node) => (node.row ??= node.members ? alikeRow(node, snapshot) : treeRow(node, snapshot));
  return new Rows(nodes, row, (node) => node.id);
}

/**
 * Returns the roots of the tree. A snapshot caches the tree of all its tasks.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Task[]} tasks
 * @returns {import("../types").Node[]}
 */
function rootsOf(snapshot, tasks) {
  const make = () => {
    const roots = forest(snapshot, tasks);
    findShapes(roots, snapshot);
    return roots;
  };
  return tasks === snapshot.tasks ? (snapshot.roots ??= make()) : make();
}

/**
 * Returns the visible nodes, from top to bottom.
 * @param {import("../types").Node[]} roots
 * @param {Set<import("../types").Key>} toggled
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Sort} sort
 * @returns {import("../types").Node[]}
 */
function flat(roots, toggled, snapshot, sort) {
  const nodes = [];
  const path = [];
  const push = (children, level) => {
    for (let i = children.length - 1; i >= 0; i--) {
      children[i].level = level;
      path.push(children[i]);
    }
  };
  push(foldAlike(sortedSiblings(roots, sort, snapshot), 0, snapshot), 1);
  while (path.length > 0) {
    const node = path.pop();
    node.row = undefined;
    nodes.push(node);
    if (!node.children) continue;
    const rows = node.members ?? foldAlike(sortedSiblings(node.children, sort, snapshot), node.id, snapshot);
    const isFolded = node.members !== undefined || rows.length > MANY;
    node.expanded = isFolded === toggled.has(node.id);
    if (node.expanded) push(rows, node.level + 1);
  }
  return nodes;
}

/**
 * Returns the children of a node in the order of a column. The order of ids is the one that they have.
 * @param {import("../types").Node[]} siblings
 * @param {import("../types").Sort} sort
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
function sortedSiblings(siblings, { column, down }, snapshot) {
  if (column === BY_ID.column && down === BY_ID.down) return siblings;
  const { by } = COLUMNS[column];
  return sortedBy(siblings, ({ task, ancestor }) => by(task ?? ancestor, snapshot), down);
}

/**
 * Returns the trees of the selected tasks and their ancestors, ended ones included.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Task[]} tasks
 * @returns {import("../types").Node[]}
 */
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

/**
 * @param {import("../types").Node} node
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Row}
 */
function treeRow({ id, task, ancestor, children, selected, level, expanded }, snapshot) {
  /** @type {import("../types").Piece[]} */
  const folded = [];
  if (children && !expanded) folded.push(["faint", children.length === 1 ? "1 child" : `${count(children.length)} children`]);
  const cell = (column) => {
    if (column === "who") return [...who(task ?? ancestor), ...folded];
    if (task) return COLUMNS[column].cell(task, snapshot);
    return plain({ id: String(id), state: "ended" }[column] ?? "");
  };
  const className = selected ? "" : "context";
  return { key: id, task, snapshot, level, children: children?.length ?? 0, expanded, className, cell };
}
