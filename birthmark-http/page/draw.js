// Draws what is shown.

function draw() {
  const snapshot = current();
  drawTabs();
  drawStacksBar();
  if (!snapshot) return drawEmpty();
  const { rows, selected } = shown.view === "threads" ? drawnThreads(snapshot) : drawnTasks(snapshot);
  list.show(rows, columns());
  drawSummary(snapshot, selected);
  drawNotice(snapshot, rows);
  drawNothing(rows);
  drawPanel();
}

function drawnTasks(snapshot) {
  const { view, marked, toggled } = shown;
  const tasks = matching(snapshot.tasks, TASK_FIELDS, snapshot);
  const markedTasks = marked && matching(marked.tasks, TASK_FIELDS, marked);
  const { rows, sort } = VIEWS[view];
  return { rows: rows({ snapshot, tasks, marked, markedTasks, toggled, sort }), selected: tasks };
}

function drawnThreads(snapshot) {
  const threads = matching(snapshot.threads ?? [], THREAD_FIELDS, snapshot);
  return { rows: threadRows({ snapshot, threads, sort: VIEWS.threads.sort }), selected: threads };
}

function matching(items, fields, snapshot) {
  const wanted = search(shown.search, fields, snapshot);
  return wanted ? items.filter(wanted) : items;
}

/** Until what the view is about has come. */
function drawEmpty() {
  list.show(new Rows([]), columns());
  $("summary").textContent = "";
  $("notice").hidden = true;
  $("nothing").hidden = false;
  $("nothing").textContent = shown.paused ? "It was not looked at before the pause." : "Reading…";
  drawPanel();
}

function drawSummary(snapshot, selected) {
  const parts = shown.view === "threads" ? threadParts(snapshot, selected) : taskParts(snapshot, selected);
  $("summary").textContent = `${parts.filter(Boolean).join(": ")} — ${shown.paused ? "paused, as of " : ""}${timeOf(snapshot)}`;
  $("coverage").textContent = coverage(snapshot.head);
  const program = `${visible(snapshot.head.program)} ${snapshot.head.pid}`;
  $("program").textContent = program;
  document.title = `${program}: ${plural(snapshot.head.total, "task")} — birthmark`;
  document.body.dataset.paused = shown.paused;
}

/** `250 of 100,002 tasks`, and how many of them are in which state. */
function taskParts(snapshot, tasks) {
  const { total, selected = tasks.length } = snapshot.head;
  const which = selected === total ? "" : `${count(selected)} of `;
  return [which + plural(total, "task"), states(snapshot.isCut ? snapshot.groups : tasks)];
}

function threadParts({ threads }, selected) {
  if (!threads) return ["OS threads: this system does not list them"];
  const which = selected.length === threads.length ? "" : `${count(selected.length)} of `;
  return [which + plural(threads.length, "OS thread"), states(selected)];
}

/** How many there are in each state. */
function states(items) {
  const states = new Map();
  for (const { state, count = 1 } of items) states.set(state, (states.get(state) ?? 0) + count);
  return [...states].map(([state, number]) => `${count(number)} ${state}`).join(", ");
}

/** What the dump covers and what it does not. */
function coverage({ pid, coverage }) {
  const { os_threads: all, recorded_os_threads: recorded, spawned_while_off: off, refused, unrecorded, ages_known, sites } = coverage;
  const parts = [
    all == null ? "OS threads not looked at" : `${recorded} of ${plural(all, "OS thread")} have a record`,
    `${count(off)} spawned while birthmark was off`,
    refused > 0 && `${count(refused)} refused by hooks`,
    unrecorded > 0 && `${count(unrecorded)} not recorded for lack of memory`,
    !ages_known && "ages not known",
    `${plural(sites, "site")} linked`,
  ];
  return `process ${pid}: ${parts.filter(Boolean).join("; ")}`;
}

/** What is not shown, and how to come by it. */
function drawNotice(snapshot, rows) {
  const text = snapshot.isCut ? tooMany(snapshot) : rows.length > MOST_ROWS ? `Only the first ${count(MOST_ROWS)} rows are shown: search for others.` : "";
  $("notice").hidden = text === "";
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

function tooMany({ head, tasks }) {
  const many = `${plural(head.selected, "task")} are too many to read one by one.`;
  if (shown.view === "groups") return `${many} These groups count all of them; a search counts anew.`;
  if (shown.view === "compare") return `${many} Growth counts all of them; which ones are new or gone is told of fewer: search.`;
  return `${many} These are the oldest ${count(tasks.length)}: search, and the program looks for others, or see all in groups.`;
}

/** What the panel says when it is open. */
const IN_PANEL = ["age", "polls", "kind", "site", "cpu", "record"];

function columns() {
  const { columns } = VIEWS[shown.view];
  const isThere = { labels: shown.snapshot?.hasLabels, stands: shown.stacks };
  const isWanted = (column) => (column in isThere ? isThere[column] : !shown.panel || !IN_PANEL.includes(column));
  return columns.filter(isWanted);
}

function drawHeads() {
  const { sort } = VIEWS[shown.view];
  $("grid").style.setProperty("--columns", columns().map((column) => COLUMNS[column].width).join(" "));
  const of = JSON.stringify([shown.view, sort, columns()]);
  // A head that has the focus keeps it, so that sorting by keys goes on.
  const focused = document.activeElement.dataset.sort;
  if ($("heads").dataset.of !== of) {
    $("heads").dataset.of = of;
    $("heads").replaceChildren(...columns().map((column) => head(column, sort)));
    if (focused) $("heads").querySelector(`[data-sort="${focused}"]`)?.focus();
  }
}

function drawTabs() {
  for (const tab of document.querySelectorAll("[data-view]")) {
    tab.setAttribute("aria-selected", tab.dataset.view === shown.view);
    tab.tabIndex = tab.dataset.view === shown.view ? 0 : -1;
  }
  const isThreads = shown.view === "threads";
  $("grid").setAttribute("aria-label", isThreads ? "OS threads" : "Tasks");
  $("search").placeholder = `Search: words, ${isThreads ? THREAD_KEYS : TASK_KEYS}`;
}

const TASK_KEYS = "name:… label:… role:… site:… stack:… state:… kind:… under:id";
const THREAD_KEYS = "name:… state:… task:… id:…";

function head(column, sort) {
  const { title, kind } = COLUMNS[column];
  const element = made("div", sort ? button(title, () => sortBy(column)) : made("span", title));
  element.setAttribute("role", "columnheader");
  element.className = kind === "number" ? kind : "";
  if (sort) element.firstChild.dataset.sort = column;
  if (column === sort?.column) element.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
  return element;
}

function drawNothing(rows) {
  $("nothing").hidden = rows.length > 0;
  $("nothing").textContent = nothing();
}

function nothing() {
  const { view, marked, snapshot } = shown;
  const matches = shown.search ? "matches the search" : "is there";
  if (view === "threads") return `No thread ${matches}.`;
  if (view !== "compare") return `No task ${matches}.`;
  if (!marked) return "Mark a moment first (m), and look here later.";
  return isComparable(marked, snapshot) ? "Nothing has changed." : "The marked moment was of another search, or another process: mark one anew (m).";
}

function drawPanel() {
  const { panel } = shown;
  $("details").hidden = panel === null;
  drawHeads();
  list.reshape(columns());
  if (panel === null) return;
  // What has the focus is made anew, and gets it again.
  const buttons = () => [...$("details").querySelectorAll("button")];
  const focused = buttons().indexOf(document.activeElement);
  if (panel.task) drawTask(panel.task);
  else drawThread(panel.thread);
  buttons()[focused]?.focus();
}

/** A task as the view has it, or as it was last seen. */
function drawTask(id) {
  const snapshot = lastSeen((snapshot) => snapshot.byId(id));
  if (!snapshot) return drawUnknown("Task", id);
  const past = snapshot === current() ? "" : shown.view === "threads" ? "It is not running now." : "It has ended.";
  showTaskDetails($("details"), snapshot.byId(id), snapshot, past, follow);
}

function drawThread(id) {
  const of = (snapshot) => snapshot.threads?.find((thread) => thread.id === id);
  const snapshot = lastSeen(of);
  if (snapshot) showThreadDetails($("details"), of(snapshot), snapshot, follow);
  else drawUnknown("OS thread", id);
}

/** What the address names may have ended long ago. */
function drawUnknown(what, id) {
  const why = current() ? "It has ended, or was not read." : "Reading…";
  $("details").setAttribute("aria-label", what);
  $("details").replaceChildren(heading(`${what} ${id}`, follow), classed("p", "past", why));
}

/** The snapshot in which something is found: that of the view, or else another. */
function lastSeen(find) {
  return [current(), shown.snapshot, shown.threads, shown.marked].find((snapshot) => snapshot && find(snapshot));
}
