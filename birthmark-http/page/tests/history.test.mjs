import assert from "node:assert/strict";
import { test } from "node:test";

import { BY_AWAIT, grouping, groupingNames, usableGrouping } from "../model/grouping.js";
import { groupRows } from "../model/groups.js";
import { History } from "../model/history.js";
import { all, snapshot, texts } from "./dump.mjs";

const SITE = { file: "src/a.rs", line: 3, column: 5, callee: "tokio::spawn", module: "shop::orders", function: "run", role: "work" };
const KEY = "src/a.rs:3:5\nwork";

const moment = (seconds, tasks, { ended, ...others } = {}) =>
  snapshot(tasks, { sites: [{ ...SITE, ended }], head: { time_unix_ms: seconds * 1000, ...others } });

test("history_has_the_tasks_of_each_moment_and_the_rates_since_the_last_one", () => {
  const history = new History();
  history.add(moment(0, [{ id: 1, polls: 10 }], { ended: 5 }));
  history.add(moment(2, [{ id: 1, polls: 14 }, { id: 2, polls: 2 }, { id: 3, polls: 0 }], { ended: 9 }));
  const { live, spawns, polls } = history.of(BY_AWAIT, KEY);
  assert.deepEqual([live, spawns, polls, history.span], [[1, 3], 3, 3, 2000]);
  history.add(moment(4, [], { ended: 12 }));
  assert.deepEqual(history.of(BY_AWAIT, KEY).live, [1, 3, 0]);
});

test("history_of_another_process_or_of_a_search_is_another", () => {
  const history = new History();
  history.add(moment(0, [{ id: 1 }]));
  history.add(moment(2, [], { filter: "role=no" }));
  assert.deepEqual(history.of(BY_AWAIT, KEY).live, [1]);
  history.add(moment(4, [{ id: 1 }, { id: 2 }], { pid: 2 }));
  assert.deepEqual(history.of(BY_AWAIT, KEY).live, [2]);
});

test("history_is_bounded", () => {
  const history = new History();
  for (let i = 0; i < 400; i++) history.add(moment(2 * i, i < 10 ? [{ id: 1 }] : [{ id: 2, role: "other" }]));
  assert.equal(history.of(BY_AWAIT, KEY), undefined);
  assert.equal(history.of(BY_AWAIT, "src/a.rs:3:5\nother").live.length, 150);
});

test("dump_without_all_tasks_has_the_past_of_sites_but_not_of_names", () => {
  const history = new History();
  const cut = (seconds, count) => {
    const groups = [{ count, role: "work", site: 0, state: "suspended", names: [] }];
    const head = { selected: count, time_unix_ms: seconds * 1000 };
    return snapshot([{ id: 1 }], { sites: [SITE], head, groups });
  };
  history.of("crate", "shop");
  history.add(cut(0, 300_000));
  history.add(cut(2, 300_004));
  const { live, spawns, polls } = history.of("crate", "shop");
  assert.deepEqual([live, spawns, polls], [[300_000, 300_004], 2, undefined]);
  assert.equal(usableGrouping("name", cut(0, 1)), BY_AWAIT);
  assert.equal(usableGrouping("crate", cut(0, 1)), "crate");
});

test("tasks_are_grouped_by_what_they_have", () => {
  const dump = snapshot(
    [
      { id: 1, name: "a", labels: { tenant: "acme" } },
      { id: 2, name: "b", labels: { tenant: "acme" }, state: "runnable" },
      { id: 3, role: "other" },
      { id: 4, site: null, role: "main", kind: "main thread" },
    ],
    { sites: [SITE] },
  );
  const groups = (by) => all(groupRows({ snapshot: dump, tasks: dump.tasks, by })).map((row) => [...texts(row, "count"), ...texts(row, "group"), row.search]);
  assert.deepEqual(groups("crate"), [["3 ×", "shop", "crate:shop"], ["1 ×", "none", ""]]);
  assert.deepEqual(groups("role").map(([count]) => count), ["2 ×", "1 ×", "1 ×"]);
  assert.deepEqual(groups("site").map(([, , names, search]) => search ?? names), ["site:src/a.rs:3:5", 'role:"main"']);
  assert.deepEqual(groups("name").map(([, name]) => name), ["none", "a", "b"]);
  assert.deepEqual(groups("label:tenant"), [["2 ×", "acme", 'label:"tenant=acme"'], ["2 ×", "none", ""]]);
  assert.deepEqual(groupingNames(dump), ["await", "site", "role", "crate", "name", "label:tenant"]);
  assert.equal(grouping("constructor"), undefined);
  const [first] = all(groupRows({ snapshot: dump, tasks: dump.tasks, by: "crate" }));
  assert.deepEqual(texts(first, "state"), ["2 suspended, 1 runnable"]);
});
