// The address has the state of the page. The state survives a reload, can be sent to others, and Back restores it.

import { BY_AWAIT, grouping } from "../model/grouping.js";
import { threadKey } from "../model/threads.js";
import { VIEWS } from "../model/views.js";
import { $, list, shown, typing } from "./state.js";

/** The most folded and unfolded rows that the address keeps, because its length is bounded. */
const MAX_KEPT = 100;

/** The initial sort of each view. */
const USUAL = Object.fromEntries(Object.entries(VIEWS).map(([name, { sort }]) => [name, sort && sortText(sort)]));

/** @param {import("../types").Sort} sort */
function sortText({ column, down }) {
  return `${down ? "-" : ""}${column}`;
}

/** Returns the part of the address from `#` on; an empty text for the initial state. */
function address() {
  const parts = new URLSearchParams();
  if (shown.view !== "tree" || shown.isViewChosen) parts.set("view", shown.view);
  if (shown.by !== BY_AWAIT) parts.set("by", shown.by);
  if (shown.search) parts.set("search", shown.search);
  for (const [name, { sort }] of Object.entries(VIEWS)) {
    if (sort && sortText(sort) !== USUAL[name]) parts.set(`sort-${name}`, sortText(sort));
  }
  for (const [what, id] of Object.entries(shown.panel ?? {})) parts.set(what, String(id));
  for (const key of [...shown.toggled].slice(-MAX_KEPT)) parts.append("toggled", String(key));
  const text = parts.toString();
  return text && `#${text}`;
}

/**
 * Writes the state into the address, either as a step that Back undoes or in place of the current address.
 * @param {{ step: boolean }} options
 */
export function keep({ step }) {
  if (step) typing.continues = false;
  const part = address();
  if (part === location.hash) return;
  history[step ? "pushState" : "replaceState"](null, "", location.pathname + location.search + part);
}

/** Reads the state from the address. */
export function restore() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const view = parts.get("view") ?? "";
  shown.isViewChosen = Object.hasOwn(VIEWS, view);
  shown.view = shown.isViewChosen ? view : "tree";
  const by = parts.get("by") ?? "";
  shown.by = grouping(by) ? by : BY_AWAIT;
  shown.search = $("search").value = parts.get("search") ?? "";
  for (const [name, view] of Object.entries(VIEWS)) {
    if (view.sort) view.sort = sortOf(parts.get(`sort-${name}`), view) ?? sortOf(USUAL[name], view);
  }
  shown.toggled = new Set(parts.getAll("toggled").map((key) => (/^\d+$/.test(key) ? Number(key) : key)));
  const [task, thread] = ["task", "thread"].map((what) => Number(parts.get(what)) || null);
  shown.panel = task ? { task } : thread ? { thread } : null;
  if (shown.panel) list.select(task ?? threadKey(thread), { scroll: false });
}

/**
 * Returns a sort; `null` if the view has no such column.
 * @param {string | null} text
 * @param {import("../types").View} view
 * @returns {import("../types").Sort | null}
 */
function sortOf(text, { columns }) {
  const column = text?.replace(/^-/, "");
  return columns.includes(column) ? { column, down: text.startsWith("-") } : null;
}
