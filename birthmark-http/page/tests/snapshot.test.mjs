import assert from "node:assert/strict";
import { test } from "node:test";

import { snapshot } from "./dump.mjs";

const FRAME_SITES = [
  { file: "src/deep/a.rs", line: 1, column: 1, function: "outer", awaited: "inner()" },
  { file: "src/deep/b.rs", line: 2, column: 1, function: "inner", awaited: "rx.recv()" },
  { file: "src/deep/c.rs", line: 3, column: 1, function: "kept", awaited: "tick()" },
];

const withStack = (frames, omitted_frames = 0) => snapshot([{ id: 1, stack: 0 }], { stacks: [{ frames, omitted_frames }], frame_sites: FRAME_SITES });

test("innermost_frame_is_the_last_awaited_leaf", () => {
  const dump = withStack([{ site: 0, depth: 0 }, { site: 1, depth: 1 }]);
  assert.deepEqual(dump.innermost(dump.tasks[0]), { what: "rx.recv() in inner", where: "deep/b.rs:2" });
});

test("kept_frame_is_apart_from_awaited_frames", () => {
  const dump = withStack([{ site: 1, depth: 0 }, { site: 2, depth: 0, idle: true }]);
  assert.equal(dump.innermost(dump.tasks[0]).what, "rx.recv() in inner, tick() in kept (kept, not polled)");
});

test("leaves_beside_the_last_one_are_counted", () => {
  const dump = withStack([{ site: 0, depth: 0 }, { site: 1, depth: 1 }, { site: 2, depth: 1 }]);
  assert.equal(dump.innermost(dump.tasks[0]).what, "tick() in kept and 1 more");
});

test("stack_without_frames_has_the_number_of_unrecorded_ones", () => {
  const dump = withStack([], 3);
  assert.equal(dump.innermost(dump.tasks[0]).what, "3 frames");
});

test("task_without_stack_has_no_place", () => {
  const dump = snapshot([{ id: 1, stack: null }]);
  assert.equal(dump.place(dump.tasks[0]), undefined);
  assert.equal(dump.innermost(dump.tasks[0]), undefined);
});

test("lineage_is_nearest_first", () => {
  const ancestors = [{ id: 1, role: "main", ancestor: null }, { id: 2, role: "serve", ancestor: 0 }];
  const dump = snapshot([{ id: 3, ancestor: 1 }], { ancestors });
  assert.deepEqual([...dump.lineage(dump.tasks[0])].map(({ id }) => id), [2, 1]);
});

test("role_has_its_module_if_sites_of_several_modules_share_it", () => {
  const site = { file: "src/a.rs", line: 3, column: 5, callee: "tokio::spawn", module: "shop::worker", function: "start" };
  const sites = [{ ...site, qualifier: "worker" }, site];
  const dump = snapshot([{ id: 1, site: 0 }, { id: 2, site: 1 }], { sites, ancestors: [{ id: 3, role: "serve", site: 0 }] });
  assert.deepEqual(dump.tasks.map(({ role }) => role), ["worker::work", "work"]);
  assert.equal(dump.tables.ancestors[0].role, "worker::serve");
});

test("position_in_a_dependency_begins_with_its_package", () => {
  const file = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/axum-0.8.9/src/serve/mod.rs";
  const dump = snapshot([{ id: 1, site: 0 }, { id: 2, site: 1 }], {
    sites: [{ file, line: 389, column: 5 }, { file: "registry/src/http/mod.rs", line: 3, column: 5 }],
  });
  assert.deepEqual(dump.tasks.map((task) => dump.at(task)), ["axum-0.8.9/src/serve/mod.rs:389:5", "registry/src/http/mod.rs:3:5"]);
});
