// The views, and how each makes rows of a snapshot.

import { sorted, taskRow } from "./columns.js";
import { Rows } from "./rows.js";
import { BY_SIZE, groupRows } from "./groups.js";
import { BY_ID, treeRows } from "./tree.js";
import { BY_GROWTH, compareRows } from "./compare.js";
import { threadRows } from "./threads.js";

/** @type {Record<string, import("../types").View>} */
export const VIEWS = {
  tree: {
    columns: ["who", "id", "state", "since", "age", "polls", "place", "site"],
    rows: treeRows,
    sort: BY_ID,
  },
  table: {
    columns: ["id", "who", "labels", "state", "since", "age", "polls", "place", "kind", "site"],
    rows: tableRows,
    sort: { column: "age", down: true },
  },
  groups: {
    columns: ["count", "group", "trend", "state", "longest", "ages", "spawns", "polled", "place", "site"],
    rows: groupRows,
    sort: BY_SIZE,
  },
  compare: {
    columns: ["delta", "group", "before", "after", "place", "site"],
    rows: compareRows,
    sort: BY_GROWTH,
  },
  threads: {
    columns: ["thread", "id", "state", "doing", "cpu", "record", "runs", "stands"],
    rows: threadRows,
    sort: { column: "id", down: false },
  },
  // Findings are no rows. They are drawn in place of the list.
  stuck: { columns: [], rows: () => new Rows([]) },
};

/**
 * @param {import("../types").Input} input
 * @returns {import("../model/rows.js").Rows}
 */
function tableRows({ snapshot, tasks, sort }) {
  return new Rows(sorted(tasks, sort, snapshot), (task) => taskRow(task, snapshot), (task) => task.id);
}
