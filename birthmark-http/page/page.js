// Reads dumps again and again, and starts the page.

/** How long to wait between two dumps, at least, and at how many times what it takes to read one. */
const PAUSE = 2000;
const SHARE = 4;

let timer = 0;
let reading = false;

async function refresh() {
  clearTimeout(timer);
  if (reading) return;
  reading = true;
  const start = performance.now();
  try {
    const snapshot = await read(AbortSignal.timeout(60_000));
    problem("");
    if (!shown.paused || !shown.snapshot) {
      shown.snapshot = snapshot;
      draw();
    }
  } catch (error) {
    problem(`The program does not answer: ${error.message}`);
  } finally {
    reading = false;
  }
  // A page that nobody sees does not ask.
  if (!shown.paused && !document.hidden) timer = setTimeout(refresh, Math.max(PAUSE, SHARE * (performance.now() - start)));
}

function problem(text) {
  $("problem").hidden = text === "";
  if ($("problem").textContent !== text) $("problem").textContent = text;
}

function listen() {
  Object.assign(list, { onOpen: open, onToggle: toggle });
  // The panel, once it is open, goes with the selection.
  list.onSelect = (row) => shown.task !== null && row?.task && showTask(row.task.id);
  $("pause").addEventListener("click", pause);
  $("mark").addEventListener("click", mark);
  $("theme").addEventListener("click", theme);
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("search").addEventListener("input", searchSoon);
  $("views").addEventListener("click", (event) => event.target.dataset.view && show(event.target.dataset.view));
  $("views").addEventListener("keydown", pressInTabs);
  document.addEventListener("keydown", press);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : shown.paused || refresh()));
}

listen();
drawTabs();
refresh();
