// The state of the page.

import { BY_AWAIT } from "../model/grouping.js";
import { History } from "../model/history.js";
import { List } from "../dom/list.js";

/**
 * Returns the element with this id.
 * @param {string} id
 * @returns {any}
 */
export const $ = (id) => document.getElementById(id);

export const list = new List($("grid"), $("scroll"), $("space"));

/** @type {import("../types").State} */
export const shown = {
  view: "tree",
  isViewChosen: false,
  by: BY_AWAIT,
  search: "",
  toggled: new Set(),
  paused: false,
  snapshot: null,
  threads: null,
  stacks: null,
  notTaken: "",
  awaits: null,
  marked: null,
  remote: false,
  panel: null,
  history: new History(),
};

/** The search while it is typed: `continues` is true until another step goes into the history. */
export const typing = { timer: 0, continues: false };

/**
 * The actions of the links in the panel. `actions.js` fills it, because actions draw the panel.
 * @type {import("../types").Follow}
 */
export const follow = Object.create(null);

/** Returns the snapshot that the view shows. */
export const current = () => (shown.view === "threads" ? shown.threads : shown.snapshot);

/**
 * Returns a snapshot in which `find` finds something: the current one before others.
 * @param {(snapshot: import("../model/snapshot.js").Snapshot) => any} find
 * @returns {import("../model/snapshot.js").Snapshot | undefined}
 */
export function lastSeen(find) {
  return [current(), shown.snapshot, shown.threads, shown.marked].find((snapshot) => snapshot && find(snapshot));
}

/**
 * Announces a text to screen readers.
 * @param {string} text
 */
export function say(text) {
  $("status").textContent = text;
}
