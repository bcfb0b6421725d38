// What becomes of a key or a click.

function show(view) {
  shown.view = view;
  if (shown.panel?.thread && view !== "threads") shown.panel = null;
  $("scroll").scrollTop = 0;
  keep({ step: true });
  draw();
  readIfOther();
}

function sortBy(column) {
  const view = VIEWS[shown.view];
  const again = view.sort.column === column;
  view.sort = { column, down: again ? !view.sort.down : COLUMNS[column].kind === "number" };
  keep({ step: true });
  draw();
}

function setSearch(text, { step } = { step: true }) {
  shown.search = $("search").value = text;
  $("scroll").scrollTop = 0;
  keep({ step });
  draw();
  readIfOther();
}

/** How long a pause in typing is, in milliseconds. */
const TYPING = 120;

function searchSoon() {
  clearTimeout(searchSoon.timer);
  searchSoon.timer = setTimeout(() => {
    // All that is typed at a stretch is one step.
    setSearch($("search").value, { step: !searchSoon.goesOn });
    searchSoon.goesOn = true;
  }, TYPING);
}

function toggle(row) {
  if (!row?.children) return;
  if (!shown.toggled.delete(row.key)) shown.toggled.add(row.key);
  keep({ step: false });
  draw();
}

/** Unfolds all that a task is folded in, from the root on. */
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

/** Unfolds the row that stands for alike ones, if this is one of them. */
function unfoldAlike(id) {
  const fold = list.findFold(id);
  if (fold && !fold.expanded) toggle(fold);
}

function open(row, { step } = { step: true }) {
  if (row?.task) showPanel({ task: row.task.id }, { step });
  else if (row?.thread) showPanel({ thread: row.thread.id }, { step });
  else if (row?.group) showMembers(row);
  else toggle(row);
}

function showMembers({ group, snapshot }) {
  const at = snapshot.at(group);
  shown.view = "table";
  setSearch(at ? `site:${at} role:"${group.role}"` : `role:"${group.role}"`);
}

function showTask(id) {
  showPanel({ task: id });
}

function showPanel(panel, { step } = { step: true }) {
  shown.panel = panel;
  keep({ step });
  drawPanel();
}

function closeDetails() {
  showPanel(null);
  $("grid").focus();
}

function selectParent() {
  const { selected } = list;
  const [parent] = selected?.task ? selected.snapshot.lineage(selected.task) : [];
  if (parent) list.select(parent.id);
}

function pause() {
  shown.paused = !shown.paused;
  $("pause").setAttribute("aria-pressed", shown.paused);
  say(shown.paused ? "Paused" : "Going on");
  draw();
  if (!shown.paused) refresh();
}

function mark() {
  if (!shown.snapshot) return;
  shown.marked = shown.snapshot;
  $("mark-word").textContent = "Marked";
  $("mark-time").textContent = ` ${timeOf(shown.marked)}`;
  say("Marked this moment; Compare shows what has changed since");
  draw();
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

/** Tells those who do not see the page. */
function say(text) {
  $("status").textContent = text;
}

/** What the panel leads to. */
const follow = {
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
  inTree(id) {
    shown.view = "tree";
    setSearch("");
    shown.panel = { task: id };
    unfoldTo(id);
    list.select(id);
    drawPanel();
  },
};
