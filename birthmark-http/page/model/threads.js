// The rows of OS threads.

import { COLUMNS, sorted } from "./columns.js";
import { Rows } from "./rows.js";

/** @param {number} id */
export const threadKey = (id) => `thread ${id}`;

/**
 * @param {import("../types").Input} input
 * @returns {import("../model/rows.js").Rows}
 */
export function threadRows({ snapshot, threads, sort }) {
  const cells = (thread) => (column) => COLUMNS[column].cell(thread, snapshot);
  const row = (thread) => ({ key: threadKey(thread.id), thread, snapshot, cell: cells(thread) });
  return new Rows(sorted(threads, sort, snapshot), row, (thread) => threadKey(thread.id));
}
