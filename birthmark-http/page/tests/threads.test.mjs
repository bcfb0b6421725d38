import assert from "node:assert/strict";
import { test } from "node:test";

import { threadRows } from "../model/threads.js";
import { all, snapshot, texts } from "./dump.mjs";

const THREADS = [
  { id: 11, name: "main", state: "sleeping", doing: "futex", tasks: [2, 1], cpu_ms: 20 },
  { id: 12, name: "other", state: "sleeping", doing: "epoll_wait", tasks: [], uninterruptible: true },
];

const rows = (stacks = null) => {
  const dump = snapshot([{ id: 1, kind: "thread", name: "t" }, { id: 2 }]);
  dump.stacks = stacks;
  return all(threadRows({ snapshot: dump, threads: THREADS, sort: { column: "id", down: false } }));
};

test("thread_row_has_its_tasks_the_innermost_first", () => {
  const [main, other] = rows();
  assert.deepEqual([texts(main, "runs"), texts(main, "record")], [["work", "in", "t · work"], ["recorded"]]);
  assert.deepEqual([texts(other, "runs"), texts(other, "record")], [["no task"], ["unrecorded"]]);
  assert.deepEqual(texts(other, "doing"), ["epoll_wait", "uninterruptible"]);
});

test("thread_stands_in_the_first_frame_outside_of_std", () => {
  const frames = [{ function: "syscall", file: "/rustc/0/library/std/futex.rs" }, { function: "app::wait", file: "src/main.rs" }];
  const stacks = { time: "", threads: new Map([[11, { native_stack: { frames, complete: true } }], [12, { no_stack: "it blocks the signal" }]]) };
  assert.deepEqual(rows(stacks).map((row) => texts(row, "stands")), [["app::wait"], ["no stack: it blocks the signal"]]);
});
