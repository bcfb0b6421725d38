import assert from "node:assert/strict";
import { test } from "node:test";

import { coverage } from "../app/coverage.js";

const head = { pid: 7, coverage: { sites: 2, ages_known: true, untracked_spawns: 0, refused: 0, dropped_records: 0, passed_through: 0 } };

test("tasks_that_have_panicked_are_named", () => {
  const panic = { file: "src/main.rs", line: 21, column: 9 };
  const tasks = [
    { id: 2, outcome: "panicked", role: "read_frames", name: "a\nb", ended_ms: 3900, message: "index out of bounds", panic },
    { id: 3, outcome: "cancelled", role: "work", name: null, ended_ms: 100 },
  ];
  const text = coverage({ ...head, gone: { panicked: 1, cancelled: 4012, refused: 0, tasks } });
  const gone = "gone before they were ready: 1 panicked, 4,012 cancelled; ";
  const task = 'task 2 "a\\u{a}b" read_frames panicked 3.9 s ago at src/main.rs:21:9: index out of bounds';
  assert.ok(text.endsWith(gone + task), text);
});

test("dump_without_such_tasks_says_nothing_of_them", () => {
  assert.ok(!coverage(head).includes("gone"));
});
