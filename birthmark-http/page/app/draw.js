// Drawing of the state.

import { count, plural, timeOf, visible } from "../model/text.js";
import { TASK_FIELDS, THREAD_FIELDS, search } from "../model/search.js";
import { Rows } from "../model/rows.js";
import { isComparable } from "../model/compare.js";
import { threadRows } from "../model/threads.js";
import { VIEWS } from "../model/views.js";
import { MAX_ROWS } from "../dom/list.js";
import { findingsOf } from "../model/waits.js";
import { classed } from "../dom/elements.js";
import { showFindings } from "../dom/findings.js";
import { $, current, follow, list, shown } from "./state.js";
import { coverage, taskParts, threadParts } from "./coverage.js";
import { columns, drawPanel } from "./panel.js";
import { drawStacksBar } from "./stacks-bar.js";
import { drawGroupsBar } from "./groups-bar.js";

export function draw() {
  const snapshot = current();
  drawTabs();
  drawStacksBar();
  drawGroupsBar(snapshot);
  if (!snapshot) return drawEmpty();
  const { rows, selected } = shown.view === "threads" ? drawnThreads(snapshot) : drawnTasks(snapshot);
  list.show(rows, columns());
  drawStuck(snapshot, selected);
  drawSummary(snapshot, selected);
  drawNotice(snapshot, rows);
  drawNothing(rows);
  drawPanel();
}

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
function drawnTasks(snapshot) {
  const { view, marked, toggled, by, history } = shown;
  const tasks = matching(snapshot.tasks, TASK_FIELDS, snapshot);
  const markedTasks = marked && matching(marked.tasks, TASK_FIELDS, marked);
  const { rows, sort } = VIEWS[view];
  return { rows: rows({ snapshot, tasks, marked, markedTasks, toggled, sort, by, history }), selected: tasks };
}

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
function drawnThreads(snapshot) {
  snapshot.stacks = shown.stacks;
  const threads = matching(snapshot.threads ?? [], THREAD_FIELDS, snapshot);
  return { rows: threadRows({ snapshot, threads, sort: VIEWS.threads.sort }), selected: threads };
}

/**
 * @param {any[]} items
 * @param {import("../types").Fields} fields
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
function matching(items, fields, snapshot) {
  const wanted = search(shown.search, fields, snapshot);
  return wanted ? items.filter(wanted) : items;
}

/**
 * Draws the findings, once a snapshot has them.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {any[]} selected
 */
function drawStuck(snapshot, selected) {
  if (shown.view !== "stuck") return;
  const { stuck } = snapshot.tables;
  if (!stuck) return $("findings").replaceChildren(notYet());
  // The buttons are replaced, and the one in the same place gets the focus.
  const buttons = () => [...$("findings").querySelectorAll("button")];
  const focused = buttons().indexOf(document.activeElement);
  showFindings($("findings"), shown.search ? findingsOf(stuck, selected) : stuck, snapshot.head.waits_unknown, follow);
  buttons()[focused]?.focus();
}

const notYet = () => classed("p", "nothing", shown.paused ? "It was not looked at before the pause." : "Reading…");

/** Draws the view before its first snapshot has arrived. */
function drawEmpty() {
  list.show(new Rows([]), columns());
  $("summary").textContent = "";
  $("notice").hidden = true;
  $("nothing").hidden = false;
  $("nothing").textContent = notYet().textContent;
  $("findings").replaceChildren(notYet());
  drawPanel();
}

/**
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {any[]} selected
 */
function drawSummary(snapshot, selected) {
  const parts = shown.view === "threads" ? threadParts(snapshot, selected) : taskParts(snapshot, selected);
  $("summary").textContent = `${parts.filter(Boolean).join(": ")} — ${shown.paused ? "paused, as of " : ""}${timeOf(snapshot)}`;
  $("coverage").textContent = coverage(snapshot.head);
  const program = `${visible(snapshot.head.program)} ${snapshot.head.pid} on ${HOST}`;
  $("program").textContent = program;
  document.title = `${program}: ${plural(snapshot.head.total, "task")} — birthmark`;
  document.body.dataset.paused = String(shown.paused);
}

/** The name of the machine on which the program runs, or else the one in the page's address. */
const HOST = visible($("host")?.dataset.name ?? location.host);

/**
 * Draws a notice if some rows are not shown.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../model/rows.js").Rows} rows
 */
function drawNotice(snapshot, rows) {
  const text = noticeOf(snapshot, rows);
  $("notice").hidden = text === "";
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

/**
 * Returns why something is missing from the rows; an empty text if nothing is.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../model/rows.js").Rows} rows
 */
function noticeOf(snapshot, rows) {
  if (snapshot.head.coverage.sites === 0) return NOTHING_IS_INSTRUMENTED;
  if (snapshot.isCut) return tooMany(snapshot);
  return rows.length > MAX_ROWS ? `Only the first ${count(MAX_ROWS)} rows are shown: search for others.` : "";
}

const NOTHING_IS_INSTRUMENTED =
  "Nothing in this build is instrumented. Put #[birthmark::instrument] on code that spawns, or start the program by cargo birthmark run.";

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
function tooMany({ head, tasks }) {
  const many = `${plural(head.selected, "task")} are too many to read one by one.`;
  if (shown.view === "groups") return `${many} These groups count all of them; a search counts anew.`;
  if (shown.view === "compare") return `${many} Growth counts all of them; which ones are new or gone is told of fewer: search.`;
  return `${many} These are the oldest ${count(tasks.length)}: search, and the program looks for others, or see all in groups.`;
}

function drawTabs() {
  for (const tab of $("views").children) {
    const isSelected = tab.dataset.view === shown.view;
    tab.setAttribute("aria-selected", isSelected);
    tab.tabIndex = isSelected ? 0 : -1;
  }
  const isThreads = shown.view === "threads";
  $("grid").hidden = shown.view === "stuck";
  $("findings").hidden = shown.view !== "stuck";
  $("grid").setAttribute("aria-label", isThreads ? "OS threads" : "Tasks");
  $("search").placeholder = `Search: words, ${isThreads ? THREAD_KEYS : TASK_KEYS}`;
}

const TASK_KEYS = "name:… label:… local:… role:… site:… crate:… stack:… state:… kind:… polls:n under:id";
const THREAD_KEYS = "name:… state:… task:… id:…";

/** @param {import("../model/rows.js").Rows} rows */
function drawNothing(rows) {
  $("nothing").hidden = rows.length > 0;
  $("nothing").textContent = nothing();
}

function nothing() {
  const { view, marked, snapshot } = shown;
  const matches = shown.search ? `matches “${visible(shown.search)}”` : "is there";
  if (view === "threads") return `No thread ${matches}.`;
  if (view !== "compare") return `No task ${matches}.`;
  if (!marked) return "Mark a moment first (m), and look here later.";
  return isComparable(marked, snapshot) ? "Nothing has changed." : "The marked moment was of another search, or another process: mark one anew (m).";
}
