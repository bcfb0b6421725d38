// The keys.

import { VIEWS } from "../model/views.js";
import { $, list, shown, typing } from "./state.js";
import { closeDetails, mark, open, pause, selectParent, setSearch, show, theme, toggle } from "./actions.js";

const down = () => list.move(1);
const up = () => list.move(-1);

/** @type {Record<string, () => void>} */
const KEYS = {
  ArrowDown: down, j: down, ArrowUp: up, k: up,
  PageDown: () => list.move(list.page), PageUp: () => list.move(-list.page),
  Home: () => list.moveTo(0), End: () => list.moveTo(list.length - 1),
  "/": () => $("search").focus(),
  "?": () => $("help").showModal(),
  1: () => show("tree"), 2: () => show("table"), 3: () => show("groups"), 4: () => show("compare"),
  5: () => show("threads"), 6: () => show("stuck"),
  b: () => shown.view === "groups" && $("by").focus(),
  p: pause, m: mark, t: theme, u: selectParent,
  d: () => list.selected?.task && setSearch(`under:${list.selected.task.id}`),
  Enter: () => open(list.selected),
  Escape: () => (shown.panel ? closeDetails() : setSearch("")),
  ArrowLeft: () => (list.selected?.expanded ? toggle(list.selected) : list.selected?.level && list.above() && list.select(list.above().key)),
  ArrowRight: () => !list.selected?.expanded && toggle(list.selected),
};

/** @param {KeyboardEvent & { target: any }} event */
export function pressKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if (event.target === $("search")) return pressInSearch(event);
  // A choice is made by its own keys.
  if (event.target === $("by")) return;
  // A button is pressed by its own keys.
  if (event.target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

/** @param {KeyboardEvent} event */
function pressInSearch(event) {
  if (event.key !== "Escape" && event.key !== "Enter") return;
  event.preventDefault();
  clearTimeout(typing.timer);
  setSearch(event.key === "Escape" ? "" : $("search").value);
  $(shown.view === "stuck" ? "findings" : "grid").focus();
}

/**
 * Moves from tab to tab with the arrows.
 * @param {KeyboardEvent} event
 */
export function pressInTabs(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.stopPropagation();
  const views = Object.keys(VIEWS);
  show(views[(views.indexOf(shown.view) + by + views.length) % views.length]);
  $("views").querySelector(`[data-view="${shown.view}"]`).focus();
}
