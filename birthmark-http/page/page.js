// Reads dumps again and again, and starts the page.

/** How long to wait between two dumps, at least, and at how many times what it takes to read one. */
const PAUSE = 2000;
const SHARE = 4;

/** How long a dump may take, in milliseconds. */
const PATIENCE = 60_000;

let timer = 0;
/** What is read at the moment, or was last, and how to stop it. */
let asked = { query: null, stop: new AbortController() };

async function refresh() {
  clearTimeout(timer);
  asked.stop.abort();
  const { stop } = (asked = { query: query(), stop: new AbortController() });
  const start = performance.now();
  try {
    const snapshot = await read(asked.query, AbortSignal.any([stop.signal, AbortSignal.timeout(PATIENCE)]));
    if (stop.signal.aborted) return;
    problem("");
    take(snapshot);
  } catch (error) {
    // Another dump is wanted.
    if (stop.signal.aborted) return;
    problem(reason(error));
  }
  // A page that nobody sees does not ask.
  if (!shown.paused && !document.hidden) timer = setTimeout(refresh, Math.max(PAUSE, SHARE * (performance.now() - start)));
  readIfOther();
}

/** Reads at once if what was asked for last is not what is wanted now. */
function readIfOther() {
  if (!shown.paused && asked.query !== query()) refresh();
}

function take(snapshot) {
  if (shown.paused && current()) return;
  if (snapshot.threads !== undefined) shown.threads = snapshot;
  else shown.snapshot = snapshot;
  shown.remote = snapshot.head.total > MOST;
  draw();
}

function reason(error) {
  if (error instanceof Refusal) return `The program refuses: ${error.message}`;
  return `The program does not answer (${error.message}). It is asked again every few seconds.`;
}

function problem(text) {
  $("problem").hidden = text === "";
  if ($("problem").textContent !== text) $("problem").textContent = text;
}

function listen() {
  Object.assign(list, { onOpen: open, onToggle: toggle, onFollow: follow.task });
  // The panel, once it is open, goes with the selection.
  list.onSelect = (row) => shown.panel && (row?.task || row?.thread) && open(row, { step: false });
  $("pause").addEventListener("click", pause);
  $("mark").addEventListener("click", mark);
  $("stacks").addEventListener("click", takeStacks);
  $("theme").addEventListener("click", theme);
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("search").addEventListener("input", searchSoon);
  $("views").addEventListener("click", (event) => event.target.dataset.view && show(event.target.dataset.view));
  $("views").addEventListener("keydown", pressInTabs);
  document.addEventListener("keydown", press);
  window.addEventListener("popstate", () => {
    restore();
    draw();
    readIfOther();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : shown.paused || refresh()));
}

listen();
restore();
draw();
refresh();
