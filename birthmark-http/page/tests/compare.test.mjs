import assert from "node:assert/strict";
import { test } from "node:test";

import { compareRows } from "../model/compare.js";
import { all, snapshot, texts } from "./dump.mjs";

const SITES = ["a.rs", "b.rs"].map((file) => ({ file, line: 1, column: 1, callee: "spawn", module: "m", function: "f" }));

const marked = snapshot([{ id: 1 }, { id: 2, site: 1 }, { id: 3, site: 1 }], { sites: SITES });
const later = snapshot([{ id: 1 }, { id: 2, site: 1, polls: 2 }, { id: 4 }, { id: 5 }], { sites: SITES });

const rows = (then, now, toggled = [], sort = undefined) =>
  all(compareRows({ snapshot: now, tasks: now.tasks, marked: then, markedTasks: then?.tasks, toggled: new Set(toggled), sort }));

test("sites_that_grow_come_before_sites_that_shrink", () => {
  const growth = rows(marked, later).filter(({ keys }) => keys);
  assert.deepEqual(growth.map((row) => [texts(row, "delta")[0], texts(row, "site")[0]]), [["+2", "a.rs:1:1"], ["−1", "b.rs:1:1"]]);
});

test("sites_and_tasks_are_sorted_by_a_column", () => {
  const order = (column, down) => rows(marked, later, ["section New"], { column, down }).map(({ key, keys }) => keys?.site ?? key);
  const others = ["section Gone", "section Unchanged"];
  assert.deepEqual(order("before", true), ["b.rs:1:1", "a.rs:1:1", "section New", 4, 5, ...others]);
  assert.deepEqual(order("site", false), ["a.rs:1:1", "b.rs:1:1", "section New", 4, 5, ...others]);
  const named = snapshot([{ id: 4, name: "z" }, { id: 5, name: "b" }], { sites: SITES });
  const names = rows(marked, named, ["section New"], { column: "group", down: false }).map(({ key }) => key);
  assert.deepEqual(names.slice(names.indexOf("section New"), names.indexOf("section Gone")), ["section New", 5, 4]);
});

test("tasks_are_new_gone_or_unchanged", () => {
  const sections = rows(marked, later, ["section New", "section Gone", "section Unchanged"]).filter(({ level }) => level);
  const keys = sections.map(({ key }) => key);
  assert.deepEqual(keys, ["section New", 4, 5, "section Gone", 3, "section Unchanged", 1]);
});

test("snapshots_of_two_processes_are_not_compared", () => {
  assert.deepEqual(rows(null, later), []);
  assert.deepEqual(rows(snapshot([{ id: 1 }], { head: { pid: 2 } }), later), []);
});
