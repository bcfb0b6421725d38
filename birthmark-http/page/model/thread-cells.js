// The cells of OS threads.

import { visible } from "./text.js";
import { called, plain } from "./cells.js";

/**
 * Returns the thread's activity in the kernel.
 * @param {import("../types").Thread} thread
 * @returns {import("../types").Piece[]}
 */
export function doing({ doing, uninterruptible }) {
  return [["", visible(doing)], ["waits-for-disk", uninterruptible ? "uninterruptible" : ""]];
}

/**
 * Returns the tasks that run on the thread, the innermost first.
 * @param {import("../types").Thread} thread
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Piece[]}
 */
export function runs({ tasks, may_be_stale: isStale }, snapshot) {
  /** @type {import("../types").Piece[]} */
  const pieces = [];
  tasks.forEach((id, i) => pieces.push(["faint", i ? "in" : ""], ["task", called(snapshot.byId(id), id), id]));
  return [...pieces, ["faint", tasks.length === 0 ? "no task" : isStale ? "and went on" : ""]];
}

/** The kinds of tasks that are OS threads themselves. */
const THREADS = ["thread", "scoped thread", "main thread", "external thread"];

/**
 * Returns `true` if one of the tasks on the thread is the thread itself.
 * @param {import("../types").Thread} thread
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export function isRecorded({ tasks }, snapshot) {
  return tasks.some((id) => THREADS.includes(snapshot.byId(id)?.kind));
}

/**
 * @param {import("../types").Thread} thread
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {import("../types").Piece[]}
 */
export function record(thread, snapshot) {
  return isRecorded(thread, snapshot) ? plain("recorded") : [["unrecorded", "unrecorded"]];
}

/**
 * Returns the function at the top of the thread's native stack; an empty text if no stacks were taken.
 * @param {import("../types").Thread} thread
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export function standsIn({ id }, snapshot) {
  const { native_stack: stack, no_stack: why } = snapshot.stacks?.threads.get(id) ?? {};
  return why ? `no stack: ${why}` : stack ? functionOf(stack.frames.find(isOurs) ?? stack.frames[0]) : "";
}

/**
 * Returns `true` if a frame belongs neither to std nor to the C library, in which most threads wait.
 * @param {import("../types").NativeFrame} frame
 */
const isOurs = ({ file }) => file && !/^\/rustc\/|\/lib\/rustlib\/|\/sysdeps\//.test(file);

/** @param {import("../types").NativeFrame | undefined} frame */
export const functionOf = (frame) => frame?.function ?? frame?.address ?? "";
