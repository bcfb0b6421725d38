import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, exact, plural, signed, visible } from "../model/text.js";

test("text_with_invisible_characters_is_escaped", () => {
  assert.equal(visible("a\u202eb\n\u200bc"), "a\\u{202e}b\\u{a}\\u{200b}c");
  assert.equal(visible("grün 中"), "grün 中");
});

test("time_has_the_largest_unit_that_it_fills", () => {
  assert.deepEqual([0, 349, 59_999, 60_000, 7_200_000, 172_800_000].map(ago), ["0.0 s", "0.3 s", "59.9 s", "1 min", "2 h", "2 d"]);
  assert.equal(ago(null), "");
});

test("short_times_are_exact", () => {
  assert.deepEqual([700, 12_345, 1_520_000, 3_200_000_000].map(exact), ["0.7 µs", "12.3 µs", "1.52 ms", "3.20 s"]);
});

test("numbers_have_separators_signs_and_plurals", () => {
  assert.equal(plural(1, "task"), "1 task");
  assert.equal(plural(1234, "task"), "1,234 tasks");
  assert.deepEqual([signed(5), signed(-1200), signed(0)], ["+5", "−1,200", "0"]);
});
