// Reading of dumps, again and again.

import { query } from "../model/query.js";
import { $, current, shown } from "./state.js";
import { MAX_TASKS, Refusal, anyOf, read, timeout } from "./reader.js";
import { draw } from "./draw.js";

/** The least pause between two dumps, in milliseconds, and the least ratio of the pause to the time that reading took. */
const PAUSE = 2000;
const SHARE = 4;

/** The time that a dump may take, in milliseconds. */
export const PATIENCE = 60_000;
export let timer = 0;

/**
 * The query that is read now, or was read last, and the means to stop it.
 * @type {{ query: string | null, stop: AbortController }}
 */
let asked = { query: null, stop: new AbortController() };

export async function refresh() {
  clearTimeout(timer);
  asked.stop.abort();
  const { stop } = (asked = { query: query(shown, MAX_TASKS), stop: new AbortController() });
  const start = performance.now();
  try {
    const snapshot = await read(asked.query, anyOf(stop.signal, timeout(PATIENCE)));
    if (stop.signal.aborted) return;
    problem("");
    take(snapshot);
  } catch (error) {
    // Another dump is read already.
    if (stop.signal.aborted) return;
    problem(reason(/** @type {Error} */ (error)));
  }
  // A hidden page reads nothing.
  if (!shown.paused && !document.hidden) timer = setTimeout(refresh, Math.max(PAUSE, SHARE * (performance.now() - start)));
  readIfOther();
}

/** Reads at once if the last query is not the one that the page needs now. */
export function readIfOther() {
  if (!shown.paused && asked.query !== query(shown, MAX_TASKS)) refresh();
}

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
function take(snapshot) {
  if (shown.paused && current()) return;
  if (snapshot.threads !== undefined) shown.threads = snapshot;
  else takeTasks(snapshot);
  shown.remote = snapshot.head.total > MAX_TASKS;
  if (pointer.isDown) pointer.awaitsDraw = true;
  else draw();
}

/** A click is lost if what is clicked is replaced between the press and the release, so drawing waits for the release. */
const pointer = { isDown: false, awaitsDraw: false };

/** @param {boolean} isDown */
export function press(isDown) {
  pointer.isDown = isDown;
  if (isDown || !pointer.awaitsDraw) return;
  pointer.awaitsDraw = false;
  // The click comes after the release.
  setTimeout(draw);
}

/** The most tasks of which a reader sees the tree at first. */
const MOST_IN_TREE = 100;

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
function takeTasks(snapshot) {
  const isFirst = shown.snapshot === null;
  shown.snapshot = snapshot;
  shown.history.add(snapshot);
  if (isFirst && !shown.isViewChosen && location.hash === "" && snapshot.head.total > MOST_IN_TREE) shown.view = "groups";
}

/** @param {Error} error */
export function reason(error) {
  if (error instanceof Refusal) return error.message;
  return `cannot read a dump: ${error.message}\nhelp: wait if the program is busy; the page tries again every few seconds`;
}

/** @param {string} text */
function problem(text) {
  $("problem").hidden = text === "";
  if ($("problem").textContent !== text) $("problem").textContent = text;
}
