// What is shown.

const $ = (id) => document.getElementById(id);
const list = new List($("grid"), $("scroll"), $("space"));

const shown = {
  view: "tree",
  sort: { column: "age", down: true },
  search: "",
  /** Keys of rows that are folded or unfolded otherwise than they would be. */
  toggled: new Set(),
  paused: false,
  snapshot: null,
  marked: null,
  /** The id of the task in the panel. */
  task: null,
};
