import assert from "node:assert/strict";
import { test } from "node:test";

import { heat } from "../model/cells.js";
import { rate } from "../model/text.js";

test("long_times_are_hot_by_state", () => {
  const of = (state, state_ms, kind = "task") => heat({ state, state_ms, kind });
  assert.equal(of("runnable", 99), "");
  assert.equal(of("runnable", 100), "heat-1 late");
  assert.equal(of("running", 60_000), "heat-3 late");
  assert.equal(of("waiting", 9_999), "");
  assert.equal(of("suspended", 600_000), "heat-3 calm");
});

test("threads_and_unknown_times_are_not_hot", () => {
  assert.equal(heat({ state: "running", state_ms: 1e9, kind: "main thread" }), "");
  assert.equal(heat({ state: "idle", state_ms: 1e9, kind: "task" }), "");
  assert.equal(heat({ state: "waiting", state_ms: null, kind: "task" }), "");
});

test("rates_are_short", () => {
  assert.deepEqual([undefined, 0, 0.25, 9.96, 1234.4].map(rate), ["", "0", "0.3", "10.0", "1,234"]);
});
