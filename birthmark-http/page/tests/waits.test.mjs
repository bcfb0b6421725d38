// Waits of tasks, and findings.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf, heldLines, waitLines } from "../model/waits.js";
import { query } from "../model/query.js";

test("a wait names the tasks that have to act first", () => {
  const needs = [
    { task: 5, reason: "holds", certain: false, value: "`guard` in load" },
    { task: 6, reason: "holds", certain: false },
  ];
  const waits = [{ thing: "a mutex", needs, needs_more: 7 }, { thing: "a notification" }];
  assert.deepEqual(waitLines({ waits }), [
    ["a mutex", ", probably held by ", 5, " (`guard` in load)", ", ", 6, " and 7 more"],
    ["a notification"],
  ]);
  const queued = [{ thing: "an rwlock", needs: [{ task: 5, reason: "is-queued-before", certain: true }] }];
  assert.deepEqual(waitLines({ waits: queued }), [["an rwlock", ", queued behind ", 5]]);
  assert.deepEqual(waitLines({}), []);
});

test("a held thing has the number of those that wait for it", () => {
  const held = { thing: "a mutex", certain: true, waiters: 1, value: "`guard` in load" };
  const lines = heldLines({ holds: [held, { ...held, certain: false, waiters: 2 }] });
  assert.deepEqual(lines, [
    ["a mutex (`guard` in load): 1 task waits for it"],
    ["probably a mutex (`guard` in load): 2 tasks wait for it"],
  ]);
});

test("a search keeps the findings about tasks that it selects", () => {
  const findings = [{ tasks: [1, 2] }, { tasks: [3] }];
  assert.deepEqual(findingsOf(findings, [{ id: 2 }]), [findings[0]]);
  assert.deepEqual(findingsOf(findings, []), []);
});

test("waits are read for the view that shows them", () => {
  const of = (view) => query({ view, search: "", remote: false }, 9);
  assert.equal(of("stuck"), "limit=9&waits=on");
  assert.equal(of("tree"), "limit=9");
});
