import assert from "node:assert/strict";
import { test } from "node:test";

import { query } from "../model/query.js";
import { search, TASK_FIELDS, terms } from "../model/search.js";
import { snapshot } from "./dump.mjs";

const DUMP = snapshot(
  [
    { id: 1, name: "order-1", role: "serve", labels: { peer: "10.0.0.1" } },
    { id: 2, name: "order-12", role: "write", state: "running", ancestor: 0 },
    { id: 3, role: "serve", ancestor: 1 },
  ],
  { ancestors: [{ id: 1, role: "serve", ancestor: null }, { id: 2, role: "write", ancestor: 0 }] },
);

const found = (text) => {
  const wanted = search(text, TASK_FIELDS, DUMP);
  return DUMP.tasks.filter(wanted ?? (() => true)).map(({ id }) => id);
};

test("local_is_found_by_its_name_and_value", () => {
  const dump = snapshot([{ id: 1, role: "serve", task_locals: [{ name: "TENANT", value: "acme" }, { name: "BUDGET" }] }, { id: 2, role: "serve" }], { ancestors: [] });
  const of = (text) => dump.tasks.filter(search(text, TASK_FIELDS, dump)).map(({ id }) => id);
  assert.deepEqual([of("local:tenant=ac"), of("local:budget"), of("local:other"), of("acme")], [[1], [1], [], []]);
});

test("terms_split_at_spaces_outside_quotes", () => {
  assert.deepEqual(terms('name:"a b" word under:4 http://x', TASK_FIELDS), [
    { key: "name", value: "a b" },
    { value: "word" },
    { key: "under", value: "4" },
    { value: "http://x" },
  ]);
});

test("search_selects_tasks_that_match_all_terms", () => {
  assert.deepEqual(found(""), [1, 2, 3]);
  assert.deepEqual(found("ORDER-1"), [1, 2]);
  assert.deepEqual(found("role:serve name:order"), [1]);
  assert.deepEqual(found("label:peer=10"), [1]);
  assert.deepEqual(found("state:running"), [2]);
});

test("search_under_a_task_selects_its_descendants_too", () => {
  assert.deepEqual(found("under:1"), [1, 2, 3]);
  assert.deepEqual(found("under:2"), [2, 3]);
});

test("search_by_polls_and_by_crate_selects_what_the_keys_say", () => {
  assert.deepEqual(found("polls:1"), [1, 2, 3]);
  assert.deepEqual(found("polls:2"), []);
  assert.deepEqual(found("crate:a"), [1, 2, 3]);
  assert.deepEqual(found("crate:b"), []);
});

test("query_has_the_search_only_if_the_program_searches", () => {
  const state = { view: "tree", search: "name:a name:b state:susp word", remote: false };
  assert.equal(query(state, 5), "limit=5");
  assert.equal(decodeURIComponent(query({ ...state, remote: true }, 5)), "limit=5&name=*a*b*&state=suspended&text=word");
});

test("query_for_threads_selects_running_tasks", () => {
  assert.equal(query({ view: "threads", search: "x", remote: true }, 5), "limit=5&threads=states&state=running&state=blocked&state=idle");
});
