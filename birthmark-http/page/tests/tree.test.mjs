import assert from "node:assert/strict";
import { test } from "node:test";

import { treeRows } from "../model/tree.js";
import { all, snapshot, texts } from "./dump.mjs";

const ANCESTORS = [{ id: 1, role: "main", site: 0, ancestor: null }];

const rows = (dump, toggled = [], sort = undefined) => all(treeRows({ snapshot: dump, tasks: dump.tasks, toggled: new Set(toggled), sort }));

test("ended_ancestor_is_a_row_of_its_own", () => {
  const [main, child] = rows(snapshot([{ id: 2, ancestor: 0 }], { ancestors: ANCESTORS }));
  assert.deepEqual([main.key, main.level, main.className, texts(main, "state")], [1, 1, "context", ["ended"]]);
  assert.deepEqual([child.key, child.level, child.className], [2, 2, ""]);
});

test("more_than_four_alike_siblings_are_one_row_until_it_is_opened", () => {
  const tasks = Array.from({ length: 5 }, (_, i) => ({ id: i + 2, ancestor: 0, age_ms: 1000 * i }));
  const dump = snapshot(tasks, { ancestors: ANCESTORS });
  const folded = rows(dump);
  assert.equal(folded.length, 2);
  assert.deepEqual([texts(folded[1], "who").slice(0, 2), texts(folded[1], "age")], [["5 ×", "work"], ["≤ 4.0 s"]]);
  assert.equal(rows(dump, [folded[1].key]).length, 7);
});

test("siblings_with_different_descendants_are_not_alike", () => {
  const ancestors = [...ANCESTORS, { id: 2, role: "work", site: 0, state: "suspended", ancestor: 0 }];
  const tasks = Array.from({ length: 5 }, (_, i) => ({ id: i + 2, ancestor: 0 }));
  const dump = snapshot([...tasks, { id: 9, ancestor: 1 }], { ancestors });
  assert.deepEqual(rows(dump).map(({ key }) => key).slice(0, 3), [1, 2, 9]);
});

test("siblings_are_sorted_below_their_parent", () => {
  const ancestors = [...ANCESTORS, { id: 3, role: "gone", site: 0, ancestor: null }];
  const tasks = [{ id: 2, ancestor: 0, age_ms: 5 }, { id: 4, ancestor: 0, age_ms: 9 }, { id: 5, ancestor: 1, age_ms: 7 }];
  const dump = snapshot(tasks, { ancestors });
  const order = (column, down) => rows(dump, [], { column, down }).map(({ key }) => key);
  assert.deepEqual(order("id", true), [3, 5, 1, 4, 2]);
  assert.deepEqual(order("age", true), [1, 4, 2, 3, 5]);
  assert.deepEqual(order("state", false), [1, 2, 4, 3, 5]);
});

test("members_of_a_fold_are_sorted", () => {
  const tasks = Array.from({ length: 5 }, (_, i) => ({ id: i + 2, ancestor: 0, polls: i }));
  const dump = snapshot(tasks, { ancestors: ANCESTORS });
  const by = { column: "polls", down: true };
  const [, fold] = rows(dump, [], by);
  assert.deepEqual(rows(dump, [fold.key], by).slice(2).map(({ key }) => key), [6, 5, 4, 3, 2]);
});

test("node_with_many_children_is_folded_at_first", () => {
  const tasks = Array.from({ length: 201 }, (_, i) => ({ id: i + 2, ancestor: 0, site: null }));
  const dump = snapshot(tasks, { ancestors: ANCESTORS });
  assert.deepEqual(texts(rows(dump)[0], "who"), ["main", "201 children"]);
  assert.equal(rows(dump, [1]).length, 202);
});
