// The search: its terms, and the rows that match them.

import { labels } from "./labels.js";
import { called } from "./cells.js";
import { crateOf } from "./grouping.js";

/** @type {import("../types").Fields} */
export const TASK_FIELDS = {
  name: (task) => task.name ?? "",
  label: (task) => labels(task).join("\n"),
  local: (task) => (task.task_locals ?? []).map(({ name, value = "" }) => `${name}=${value}`).join("\n"),
  role: (task) => task.role,
  state: (task) => task.state,
  kind: (task) => task.kind,
  site: (task, snapshot) => snapshot.at(task),
  crate: crateOf,
  stack: (task, snapshot) => snapshot.place(task) ?? "",
  id: (task) => String(task.id),
};

/** Keys of tasks whose value is a number. */
const COUNTED = ["under", "polls"];

/** The fields in which words without a key are not searched. The name of a crate is in all tasks of a program. */
const ONLY_BY_KEY = ["crate", "local"];

/** @type {import("../types").Fields} */
export const THREAD_FIELDS = {
  name: (thread) => thread.name,
  state: (thread) => `${thread.state} ${thread.doing}`,
  id: (thread) => String(thread.id),
  task: (thread, snapshot) => thread.tasks.map((id) => called(snapshot.byId(id), id)).join("\n"),
};

/**
 * Returns the terms of a search. A term has a key if its word is one of `fields`.
 * @param {string} text
 * @param {import("../types").Fields} fields
 * @returns {import("../types").Term[]}
 */
export function terms(text, fields) {
  const parts = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return parts.map((part) => {
    const term = part.replaceAll('"', "");
    const [, word, value] = /^(\w+):(.*)$/s.exec(term) ?? [];
    const key = word?.toLowerCase();
    return COUNTED.includes(key) || key in fields ? { key, value } : { value: term };
  });
}

/**
 * Returns a predicate for a search such as `words name:… under:42`, of which all terms must match; `null` if all items match.
 * @param {string} text
 * @param {import("../types").Fields} fields
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {((item: any) => boolean) | null}
 */
export function search(text, fields, snapshot) {
  const tests = terms(text.toLowerCase(), fields).map((term) => test(term, fields, snapshot));
  return tests.length === 0 ? null : (item) => tests.every((agrees) => agrees(item));
}

/**
 * @param {import("../types").Term} term
 * @param {import("../types").Fields} fields
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {(item: any) => boolean}
 */
function test({ key, value }, fields, snapshot) {
  if (key === "under") return under(Number(value), snapshot);
  if (key === "polls") return (item) => item.polls >= Number(value);
  const wanted = key ? [fields[key]] : Object.keys(fields).filter((name) => !ONLY_BY_KEY.includes(name)).map((name) => fields[name]);
  return (item) => wanted.some((field) => field(item, snapshot).toLowerCase().includes(value));
}

/**
 * Returns a predicate for a task and its descendants. One pass suffices, because an ancestor comes after its own ancestor in the table.
 * @param {number} id
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @returns {(item: import("../types").Task) => boolean}
 */
function under(id, snapshot) {
  const descends = [];
  for (const ancestor of snapshot.tables.ancestors) {
    descends.push(ancestor.id === id || (ancestor.ancestor != null && descends[ancestor.ancestor]));
  }
  return (task) => task.id === id || (task.ancestor != null && descends[task.ancestor]);
}
