// Draws what is shown.

function draw() {
  const { snapshot, marked } = shown;
  if (!snapshot) return;
  const view = VIEWS[shown.view];
  const tasks = selected(snapshot);
  const rows = view.rows({ ...shown, tasks, markedTasks: marked && selected(marked) });
  list.show(rows, columns());
  drawSummary(tasks, rows);
  drawTabs();
  drawNothing(rows);
  drawDetails();
}

function selected(snapshot) {
  const wanted = search(shown.search, snapshot);
  return wanted ? snapshot.tasks.filter(wanted) : snapshot.tasks;
}

function drawSummary(tasks, rows) {
  const { snapshot, paused } = shown;
  const all = snapshot.tasks.length;
  const states = [...snapshot.states()].map(([state, number]) => `${count(number)} ${state}`).join(", ");
  const which = tasks.length === all ? "" : `${count(tasks.length)} of `;
  const time = new Date(snapshot.head.time_unix_ms).toLocaleTimeString();
  const cut = rows.length > MOST_ROWS ? ` — the first ${count(MOST_ROWS)} rows; search for others` : "";
  $("summary").textContent = `${which}${plural(all, "task")}: ${states} — ${paused ? "paused, as of " : ""}${time}${cut}`;
  document.title = `${plural(all, "task")} — birthmark`;
  $("coverage").textContent = coverage(snapshot.head);
}

/** What the dump covers and what it does not. */
function coverage({ pid, coverage }) {
  const { os_threads: all, recorded_os_threads: recorded, spawned_while_off: off, unrecorded, ages_known, sites } = coverage;
  const parts = [
    all == null ? "OS threads not looked at" : `${recorded} of ${plural(all, "OS thread")} have a record`,
    `${count(off)} spawned while birthmark was off`,
    unrecorded > 0 && `${count(unrecorded)} not recorded for lack of memory`,
    !ages_known && "ages not known",
    `${plural(sites, "site")} linked`,
  ];
  return `process ${pid}: ${parts.filter(Boolean).join("; ")}`;
}

/** What the panel says of a task when it is open. */
const IN_PANEL = ["age", "polls", "kind", "site"];

function columns() {
  const isShown = (column) => (column === "labels" ? shown.snapshot.hasLabels : shown.task === null || !IN_PANEL.includes(column));
  return VIEWS[shown.view].columns.filter(isShown);
}

function drawHeads() {
  const view = VIEWS[shown.view];
  $("grid").style.setProperty("--columns", columns().map((column) => COLUMNS[column].width).join(" "));
  const of = JSON.stringify([shown.view, shown.sort, columns()]);
  // A head that has the focus keeps it, so that sorting by keys goes on.
  const focused = document.activeElement.dataset.sort;
  if ($("heads").dataset.of !== of) {
    $("heads").dataset.of = of;
    $("heads").replaceChildren(...columns().map((column) => head(column, view.sortable)));
    if (focused) $("heads").querySelector(`[data-sort="${focused}"]`)?.focus();
  }
}

function drawTabs() {
  for (const tab of document.querySelectorAll("[data-view]")) {
    tab.setAttribute("aria-selected", tab.dataset.view === shown.view);
    tab.tabIndex = tab.dataset.view === shown.view ? 0 : -1;
  }
}

function head(column, sortable) {
  const { title, kind } = COLUMNS[column];
  const element = made("div", sortable ? button(title + arrow(column), () => sortBy(column)) : made("span", title));
  element.setAttribute("role", "columnheader");
  element.className = kind === "number" ? kind : "";
  if (!sortable) return element;
  element.firstChild.dataset.sort = column;
  if (column === shown.sort.column) element.setAttribute("aria-sort", shown.sort.down ? "descending" : "ascending");
  return element;
}

const arrow = (column) => (column === shown.sort.column ? (shown.sort.down ? " ↓" : " ↑") : "");

function drawNothing(rows) {
  $("nothing").hidden = rows.length > 0;
  $("nothing").textContent =
    shown.view === "compare" && !shown.marked
      ? "Mark a moment first (m), and look here later."
      : "No task is like that.";
}

function drawDetails() {
  const { snapshot, task: id } = shown;
  $("details").hidden = id === null;
  drawHeads();
  list.reshape(columns());
  if (id === null) return;
  const task = snapshot.byId(id) ?? shown.marked?.byId(id);
  // What has ended stays as it was last seen.
  $("details").classList.toggle("ended", !snapshot.byId(id));
  if (!task) return;
  // What has the focus is made anew, and gets it again.
  const buttons = () => [...$("details").querySelectorAll("button")];
  const focused = buttons().indexOf(document.activeElement);
  showDetails($("details"), task, snapshot.byId(id) ? snapshot : shown.marked, follow);
  buttons()[focused]?.focus();
}
