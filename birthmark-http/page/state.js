// What is shown.

const $ = (id) => document.getElementById(id);
const list = new List($("grid"), $("scroll"), $("space"));

const shown = {
  view: "tree",
  search: "",
  /** Keys of rows that are folded or unfolded otherwise than they would be. */
  toggled: new Set(),
  paused: false,
  snapshot: null,
  /** The last snapshot with threads, and with the tasks that run on them. */
  threads: null,
  /** Native stacks of threads by id, and when they were taken. */
  stacks: null,
  /** Why stacks could not be taken. */
  notTaken: "",
  marked: null,
  /** Whether the program has too many tasks to read them all. */
  remote: false,
  /** What is in the panel: `{ task: id }` or `{ thread: id }`. */
  panel: null,
};

/** What the view is about. */
const current = () => (shown.view === "threads" ? shown.threads : shown.snapshot);
