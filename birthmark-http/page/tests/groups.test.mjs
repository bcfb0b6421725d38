import assert from "node:assert/strict";
import { test } from "node:test";

import { COLUMNS, sorted } from "../model/columns.js";
import { groupRows } from "../model/groups.js";
import { all, snapshot, texts } from "./dump.mjs";

test("groups_are_sorted_by_size_with_names_and_ages", () => {
  const dump = snapshot([
    { id: 1, state: "running", age_ms: 1 },
    { id: 2, name: "a", age_ms: 1000 },
    { id: 3, name: "b", age_ms: 3000 },
  ]);
  const [first, second] = all(groupRows({ snapshot: dump, tasks: dump.tasks }));
  assert.deepEqual([texts(first, "count"), texts(first, "group"), texts(first, "ages")], [["2 ×"], ["work", "a, b"], ["1.0 s to 3.0 s"]]);
  assert.deepEqual(texts(second, "count"), ["1 ×"]);
});

test("groups_of_a_dump_without_all_tasks_are_the_programs_own", () => {
  const groups = [{ count: 9, role: "work", site: 0, state: "suspended", names: [], max_age_ms: 2000 }];
  const dump = snapshot([{ id: 1 }], { head: { selected: 9 }, groups });
  const [row] = all(groupRows({ snapshot: dump, tasks: dump.tasks }));
  assert.deepEqual([texts(row, "count"), texts(row, "ages")], [["9 ×"], ["up to 2.0 s"]]);
});

test("longest_time_in_a_state_is_warm", () => {
  const dump = snapshot([{ id: 1, state: "runnable", state_ms: 5 }, { id: 2, state: "runnable", state_ms: 2000 }]);
  const [row] = all(groupRows({ snapshot: dump, tasks: dump.tasks }));
  assert.deepEqual(row.cell("longest"), [["heat-2 late", "≤ 2.0 s"]]);
  const mixed = snapshot([{ id: 1, state: "running", state_ms: 1 }, { id: 2, state: "waiting", state_ms: 1 }]);
  const [both] = all(groupRows({ snapshot: mixed, tasks: mixed.tasks, by: "role" }));
  assert.deepEqual(texts(both, "longest"), []);
  const own = [{ count: 9, role: "work", kind: "task", site: 0, state: "waiting", names: [], max_state_ms: 700_000 }];
  const cut = snapshot([{ id: 1 }], { head: { selected: 9 }, groups: own });
  assert.deepEqual(all(groupRows({ snapshot: cut, tasks: cut.tasks }))[0].cell("longest"), [["heat-3 calm", "≤ 11 min"]]);
});

test("items_with_the_same_key_keep_their_order", () => {
  const dump = snapshot([{ id: 1, age_ms: 5 }, { id: 2, age_ms: 9 }, { id: 3, age_ms: 5 }]);
  const ids = (down) => sorted(dump.tasks, { column: "age", down }, dump).map(({ id }) => id);
  assert.deepEqual([ids(false), ids(true)], [[1, 3, 2], [2, 1, 3]]);
});

test("column_of_each_task_field_has_a_cell", () => {
  const dump = snapshot([{ id: 1, name: null, ancestor: null }]);
  for (const column of ["id", "who", "labels", "state", "since", "age", "polls", "place", "kind", "site"]) {
    assert.ok(Array.isArray(COLUMNS[column].cell(dump.tasks[0], dump)), column);
  }
});
