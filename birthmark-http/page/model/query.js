// The query that the page sends. If there are too many tasks to read them all, the program searches.

import { ON_THREAD, STATES } from "./snapshot.js";
import { TASK_FIELDS, terms } from "./search.js";

/**
 * Returns the query for the dump that the page needs. For threads, the query selects the tasks that may run on them.
 * @param {Pick<import("../types").State, "view" | "search" | "remote">} state
 * @param {number} most
 */
export function query({ view, search, remote }, most) {
  const onThread = ON_THREAD.map((state) => ["state", state]);
  const conditions = view === "threads" ? [["threads", "states"], ...onThread] : remote ? filter(search) : [];
  const waits = view === "stuck" ? [["waits", "on"]] : [];
  return new URLSearchParams([["limit", String(most)], ...waits, ...conditions]).toString();
}

/**
 * Returns a search as conditions of a filter, which selects at least what the search selects.
 * @param {string} search
 * @returns {string[][]}
 */
function filter(search) {
  const values = new Map();
  for (const { key = "text", value } of terms(search, TASK_FIELDS)) values.set(key, [...(values.get(key) ?? []), value]);
  return [...values].flatMap(([key, values]) => CONDITIONS[key](values));
}

/**
 * @param {string} key
 * @returns {(values: string[]) => string[][]}
 */
const each = (key) => (values) => values.map((value) => [key, value]);

/**
 * Joins texts that must all be present into one pattern, in which they follow one another.
 * @param {string} key
 * @returns {(values: string[]) => string[][]}
 */
const asOne = (key) => (values) => [[key, `*${values.join("*")}*`]];

/**
 * The conditions of a filter for the values of each key of a search.
 * @type {Record<string, (values: string[]) => string[][]>}
 */
const CONDITIONS = {
  text: each("text"),
  name: asOne("name"), role: asOne("role"), site: asOne("site"), kind: asOne("kind"), stack: asOne("stack"),
  // The page selects among the results.
  label: each("text"), local: () => [["local", "*"]], id: each("under"), crate: () => [],
  under: each("under"), polls: each("polls"),
  state: ([value]) => {
    const states = STATES.filter((state) => state.includes(value.toLowerCase()));
    // An unknown state is sent as it is: the program's error lists the states.
    return each("state")(states.length === 0 ? [value] : states);
  },
};
