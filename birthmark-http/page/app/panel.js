// The panel beside the list.

import { COLUMNS } from "../model/columns.js";
import { VIEWS } from "../model/views.js";
import { button, classed, heading, made } from "../dom/elements.js";
import { showTaskDetails } from "../dom/details.js";
import { showThreadDetails } from "../dom/thread-details.js";
import { $, current, follow, lastSeen, list, shown } from "./state.js";

/** The columns that are hidden while the panel is open, because the panel has their contents. */
const IN_PANEL = ["age", "polls", "kind", "site", "cpu", "record"];

export function columns() {
  const { columns } = VIEWS[shown.view];
  const isThere = { labels: shown.snapshot?.hasLabels, stands: shown.stacks };
  const isWanted = (column) => (column in isThere ? isThere[column] : !shown.panel || !IN_PANEL.includes(column));
  return columns.filter(isWanted);
}

function drawHeads() {
  const { sort } = VIEWS[shown.view];
  $("grid").style.setProperty("--columns", columns().map((column) => COLUMNS[column].width).join(" "));
  const of = JSON.stringify([shown.view, sort, columns()]);
  // A head keeps the focus, so that sorting by keys can continue.
  const focused = /** @type {HTMLElement} */ (document.activeElement).dataset.sort;
  if ($("heads").dataset.of !== of) {
    $("heads").dataset.of = of;
    $("heads").replaceChildren(...columns().map((column) => head(column, sort)));
    if (focused) $("heads").querySelector(`[data-sort="${focused}"]`)?.focus();
  }
}

/**
 * @param {string} column
 * @param {import("../types").Sort} [sort]
 */
function head(column, sort) {
  const { title, kind } = COLUMNS[column];
  const element = made("div", sort ? button(title) : made("span", title));
  element.setAttribute("role", "columnheader");
  element.className = kind === "number" ? kind : "";
  if (sort) /** @type {HTMLElement} */ (element.firstChild).dataset.sort = column;
  if (column === sort?.column) element.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
  return element;
}

export function drawPanel() {
  const { panel } = shown;
  $("details").hidden = panel === null;
  drawHeads();
  list.reshape(columns());
  if (panel === null) return;
  // The buttons are replaced, and the one in the same place gets the focus.
  const buttons = () => [...$("details").querySelectorAll("button")];
  const focused = buttons().indexOf(document.activeElement);
  if (panel.task) drawTask(panel.task);
  else drawThread(panel.thread);
  buttons()[focused]?.focus();
}

/**
 * Draws a task of the current snapshot, or of the last one that has it.
 * @param {number} id
 */
function drawTask(id) {
  const snapshot = lastSeen((snapshot) => snapshot.byId(id));
  if (!snapshot) return drawUnknown("Task", id);
  const past = snapshot === current() ? "" : shown.view === "threads" ? "It is not running now." : "It has ended.";
  showTaskDetails($("details"), snapshot.byId(id), snapshot, past, shown.awaits, follow);
}

/** @param {number} id */
function drawThread(id) {
  const of = (snapshot) => snapshot.threads?.find((thread) => thread.id === id);
  const snapshot = lastSeen(of);
  if (snapshot) showThreadDetails($("details"), of(snapshot), snapshot, shown.stacks, follow);
  else drawUnknown("OS thread", id);
}

/**
 * Draws the panel for an id that no snapshot has, which the address may name.
 * @param {string} what
 * @param {number} id
 */
function drawUnknown(what, id) {
  const why = current() ? "It has ended, or was not read." : "Reading…";
  $("details").setAttribute("aria-label", what);
  $("details").replaceChildren(heading(`${what} ${id}`, follow), classed("p", "past", why));
}
