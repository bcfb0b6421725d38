// The actions that keys and clicks lead to.

import { timeOf } from "../model/text.js";
import { COLUMNS } from "../model/columns.js";
import { threadKey } from "../model/threads.js";
import { VIEWS } from "../model/views.js";
import { $, follow, lastSeen, list, say, shown, typing } from "./state.js";
import { drawPanel } from "./panel.js";
import { draw } from "./draw.js";
import { readIfOther, refresh } from "./refresh.js";
import { keep } from "./address.js";

/** @param {string} view */
export function show(view) {
  shown.view = view;
  shown.isViewChosen = true;
  if (shown.panel?.thread && view !== "threads") shown.panel = null;
  $("scroll").scrollTop = 0;
  keep({ step: true });
  draw();
  readIfOther();
}

/**
 * Groups tasks by something else.
 * @param {string} by
 */
export function groupTasksBy(by) {
  shown.by = by;
  $("scroll").scrollTop = 0;
  keep({ step: true });
  draw();
}

/** @param {string} column */
export function sortBy(column) {
  const view = VIEWS[shown.view];
  const again = view.sort.column === column;
  view.sort = { column, down: again ? !view.sort.down : COLUMNS[column].kind === "number" };
  keep({ step: true });
  draw();
}

/**
 * @param {string} text
 * @param {boolean} [step]
 */
export function setSearch(text, step = true) {
  shown.search = $("search").value = text;
  $("scroll").scrollTop = 0;
  keep({ step });
  draw();
  readIfOther();
}

/** The length of a pause in typing, in milliseconds. */
const TYPING = 120;

/** Searches as soon as the reader pauses in typing. All that was typed without a pause is one step of the history. */
export function searchSoon() {
  clearTimeout(typing.timer);
  typing.timer = setTimeout(() => {
    setSearch($("search").value, !typing.continues);
    typing.continues = true;
  }, TYPING);
}

/** @param {import("../types").Row | undefined} row */
export function toggle(row) {
  if (!row?.children) return;
  if (!shown.toggled.delete(row.key)) shown.toggled.add(row.key);
  keep({ step: false });
  draw();
}

/**
 * Unfolds all rows above a task, from the root on.
 * @param {number} id
 */
function unfoldTo(id) {
  const task = shown.snapshot?.byId(id);
  const lineage = task ? [...shown.snapshot.lineage(task)] : [];
  for (const ancestor of lineage.reverse()) {
    unfoldAlike(ancestor.id);
    const row = list.find(ancestor.id);
    if (row && !row.expanded) toggle(row);
  }
  unfoldAlike(id);
}

/**
 * Unfolds the fold of which the task is a member.
 * @param {number} id
 */
function unfoldAlike(id) {
  const fold = list.findFold(id);
  if (fold && !fold.expanded) toggle(fold);
}

/**
 * @param {import("../types").Row | undefined} row
 * @param {boolean} [step]
 */
export function open(row, step = true) {
  if (row?.task) showPanel({ task: row.task.id }, step);
  else if (row?.thread) showPanel({ thread: row.thread.id }, step);
  else if (row?.group) showMembers(row);
  else toggle(row);
}

/**
 * Shows the tasks of a group. Those that lack what the others are grouped by cannot be searched.
 * @param {import("../types").Row} row
 */
function showMembers({ search }) {
  // A search cannot contain a quotation mark.
  if (!search || search.split('"').length > 3) return;
  shown.view = "table";
  setSearch(search);
}

/** @param {number} id */
function showTask(id) {
  showPanel({ task: id });
}

/**
 * @param {import("../types").Panel | null} panel
 * @param {boolean} [step]
 */
function showPanel(panel, step = true) {
  shown.panel = panel;
  keep({ step });
  drawPanel();
}

export function closeDetails() {
  showPanel(null);
  $(shown.view === "stuck" ? "findings" : "grid").focus();
}

export function selectParent() {
  const { selected } = list;
  const [parent] = selected?.task ? selected.snapshot.lineage(selected.task) : [];
  if (parent) list.select(parent.id);
}

export function pause() {
  shown.paused = !shown.paused;
  $("pause").setAttribute("aria-pressed", shown.paused);
  say(shown.paused ? "Paused" : "Going on");
  draw();
  if (!shown.paused) refresh();
}

export function mark() {
  if (!shown.snapshot) return;
  shown.marked = shown.snapshot;
  $("mark-word").textContent = "Marked";
  $("mark-time").textContent = ` ${timeOf(shown.marked)}`;
  say("Marked this moment; Compare shows what has changed since");
  draw();
}

export function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

Object.assign(follow, {
  knows: (id) => lastSeen((snapshot) => snapshot.byId(id)) !== undefined,
  close: closeDetails,
  search(text) {
    if (shown.view === "threads") show("table");
    setSearch(text);
  },
  task(id) {
    showTask(id);
    list.select(id);
  },
  thread(id) {
    show("threads");
    showPanel({ thread: id });
    list.select(threadKey(id));
  },
  async copy(text, element) {
    try {
      await navigator.clipboard.writeText(text);
      say(`Copied ${text}`);
      element.dataset.copied = "true";
    } catch {
      // A page that did not come over HTTPS or from this machine may not copy, so the text is selected.
      getSelection().selectAllChildren(element);
    }
  },
  inTree(id) {
    shown.view = "tree";
    setSearch("");
    shown.panel = { task: id };
    unfoldTo(id);
    list.select(id);
    drawPanel();
  },
});
