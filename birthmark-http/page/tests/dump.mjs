// Dumps for the tests.

import { Snapshot } from "../model/snapshot.js";

/** Returns a snapshot of tasks, which have the defaults of a suspended tokio task. */
export function snapshot(tasks, { head = {}, ...tables } = {}) {
  return new Snapshot(
    { program: "test", pid: 1, time_unix_ms: 0, total: tasks.length, coverage: {}, ...head },
    {
      tasks: tasks.map((task) => ({ role: "work", kind: "task", state: "suspended", site: 0, polls: 1, ...task })),
      ancestors: [],
      sites: [{ file: "src/a.rs", line: 3, column: 5, callee: "tokio::spawn", module: "a", function: "run" }],
      stacks: [],
      frame_sites: [],
      ...tables,
    },
  );
}

/** Returns the texts of a row's cells. */
export const texts = (row, column) => row.cell(column).map(([, text]) => text).filter((text) => text !== "");

/** Returns all rows. */
export const all = (rows) => Array.from({ length: rows.length }, (_, place) => rows.at(place));
