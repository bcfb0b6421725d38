// Alike siblings, which share one row. As in a dump as text, they have the same site, state and stack, and so have
// their descendants, pairwise.

import { ago, count, visible } from "./text.js";
import { STATES } from "./snapshot.js";
import { heat, plain, state, waits } from "./cells.js";
import { groupBy, names, someNames } from "./groups.js";

/** The most alike siblings that have a row each. */
const MAX_EQUAL = 4;

/**
 * Gives each node a number as its `shape`. Alike nodes have the same number.
 * @param {import("../types").Node[]} roots
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export function findShapes(roots, snapshot) {
  const nodes = [...roots];
  for (let i = 0; i < nodes.length; i++) for (const child of nodes[i].children ?? []) nodes.push(child);
  const known = new Map();
  // Children come after their parent, and their shapes are needed first.
  for (let i = nodes.length - 1; i >= 0; i--) {
    const key = shapeKey(nodes[i], snapshot);
    let shape = known.get(key);
    if (shape === undefined) known.set(key, (shape = known.size));
    nodes[i].shape = shape;
  }
}

/**
 * Returns a number for a node without children, a text for others.
 * @param {import("../types").Node} node
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Key}
 */
function shapeKey({ id, task, ancestor, children }, snapshot) {
  const own = ownKey(id, task ?? ancestor, snapshot.tables.stacks.length);
  if (!children) return own;
  const counts = new Map();
  for (const { shape } of children) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  return `${own} ${[...counts].sort(([a], [b]) => a - b).join(" ")}`;
}

/**
 * Returns a number for the site, the state, the stack, and whether a thread is idle. A thread without a site is alike to no other.
 * @param {import("../types").Key} id
 * @param {import("../types").Described} task
 * @param {number} stacks
 */
function ownKey(id, { site, state, stack, runs_no_task: idle }, stacks) {
  if (site == null) return -Number(id);
  const which = (site * (STATES.length + 1) + STATES.indexOf(state) + 1) * 2 + (idle ? 1 : 0);
  return which * (stacks + 1) + (stack ?? -1) + 1;
}

/**
 * Returns the children of a node. One fold replaces alike children if there are more than a few.
 * @param {import("../types").Node[]} children
 * @param {import("../types").Key} parent
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Node[]}
 */
export function foldAlike(children, parent, snapshot) {
  if (children.length <= MAX_EQUAL) return children;
  const sets = groupBy(children, ({ shape }) => shape);
  if (sets.size === children.length) return children;
  const keys = new Map();
  return children.flatMap((child) => {
    const members = sets.get(child.shape);
    if (members.length <= MAX_EQUAL) return [child];
    return members[0] === child ? [foldOf(members, foldKey(child, parent, snapshot, keys))] : [];
  });
}

/**
 * Returns a key that the same fold probably has in the next snapshot. `keys` counts the keys so far.
 * @param {import("../types").Node} node
 * @param {import("../types").Key} parent
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {Map<string, number>} keys
 * @returns {string}
 */
function foldKey({ task, ancestor }, parent, snapshot, keys) {
  const key = `alike ${parent} ${snapshot.at(task ?? ancestor)} ${task?.state ?? "ended"}`;
  const before = keys.get(key) ?? 0;
  keys.set(key, before + 1);
  return before ? `${key} ${before + 1}` : key;
}

/**
 * @param {import("../types").Node[]} members
 * @param {import("../types").Key} id
 * @returns {import("../types").Node}
 */
function foldOf(members, id) {
  return { id, members, children: members, selected: members.some(({ selected }) => selected), level: 0, expanded: false };
}

/**
 * Returns the row of a fold.
 * @param {import("../types").Node} fold
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Row}
 */
export function alikeRow({ id, members, selected, level, expanded }, snapshot) {
  const tasks = members.map(({ task, ancestor }) => task ?? ancestor);
  const [first] = tasks;
  const inState = most(tasks, "state_ms");
  const cells = {
    who: [["count", `${count(tasks.length)} ×`], ["role", visible(first.role)], ["faint", someNames(names(tasks))]],
    state: state({ state: first.state ?? "ended" }),
    since: [[heat({ ...first, state_ms: inState }), upTo(inState)]],
    age: plain(upTo(most(tasks, "age_ms"))),
    place: waits(first, snapshot), site: plain(snapshot.at(first)),
  };
  const className = selected ? "alike" : "alike context";
  return { key: id, snapshot, level, children: members.length, expanded, className, cell: (column) => cells[column] ?? plain("") };
}

/** @param {number} time */
const upTo = (time) => (time < 0 ? "" : `≤ ${ago(time)}`);

/**
 * Returns the longest of some times; -1 if none is known.
 * @param {import("../types").Ancestor[]} tasks
 * @param {"age_ms" | "state_ms"} key
 */
const most = (tasks, key) => tasks.reduce((most, task) => Math.max(most, task[key] ?? -1), -1);
