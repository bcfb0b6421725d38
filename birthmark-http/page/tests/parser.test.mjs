import assert from "node:assert/strict";
import { test } from "node:test";

import { Parser } from "../model/parser.js";

const LINES = [
  '{"program":"p","pid":7,"total":2,',
  '"sites":[',
  '{"file":"a.rs","line":1,"column":2}',
  "],",
  '"tasks":[',
  '{"id":1,"site":0},',
  '{"id":2,"site":0}',
  "]}",
];

test("dump_is_parsed_line_by_line", () => {
  const parser = new Parser();
  for (const line of LINES) parser.line(line);
  const snapshot = parser.finish();
  assert.equal(snapshot.head.pid, 7);
  assert.deepEqual(snapshot.tasks.map(({ id }) => id), [1, 2]);
  assert.equal(snapshot.at(snapshot.byId(2)), "a.rs:1:2");
});

test("dump_that_breaks_off_is_refused", () => {
  for (let end = 1; end < LINES.length; end++) {
    const parser = new Parser();
    for (const line of LINES.slice(0, end)) parser.line(line);
    assert.throws(() => parser.finish(), /broke off/);
  }
});
