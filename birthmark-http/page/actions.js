// What becomes of a key or a click.

function show(view) {
  shown.view = view;
  $("scroll").scrollTop = 0;
  draw();
}

function sortBy(column) {
  const again = shown.sort.column === column;
  shown.sort = { column, down: again ? !shown.sort.down : COLUMNS[column].kind === "number" };
  draw();
}

function setSearch(text) {
  shown.search = $("search").value = text;
  $("scroll").scrollTop = 0;
  draw();
}

/** How long a pause in typing is, in milliseconds. */
const TYPING = 120;

function searchSoon() {
  clearTimeout(searchSoon.timer);
  searchSoon.timer = setTimeout(() => setSearch($("search").value), TYPING);
}

function toggle(row) {
  if (!row?.children) return;
  if (!shown.toggled.delete(row.key)) shown.toggled.add(row.key);
  draw();
}

/** Unfolds all that a task is folded in, from the root on. */
function unfoldTo(id) {
  const task = shown.snapshot.byId(id);
  const lineage = task ? [...shown.snapshot.lineage(task)] : [];
  for (const ancestor of lineage.reverse()) {
    const row = list.find(ancestor.id);
    if (row && !row.expanded) toggle(row);
  }
}

function open(row) {
  if (row?.task) showTask(row.task.id);
  else if (row?.members) showMembers(row);
  else toggle(row);
}

function showMembers({ members: [task], snapshot }) {
  const at = snapshot.at(task);
  shown.view = "table";
  setSearch(at ? `site:${at}` : `role:"${task.role}"`);
}

function openTask(id) {
  showTask(id);
  list.select(id);
}

function showTask(id) {
  shown.task = id;
  drawDetails();
}

function closeDetails() {
  shown.task = null;
  drawDetails();
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
  $("mark").textContent = `Marked ${new Date(shown.marked.head.time_unix_ms).toLocaleTimeString()}`;
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

/** What the panel of a task leads to. */
const follow = {
  close: closeDetails,
  search: (text) => setSearch(text),
  task: (id) => openTask(id),
  inTree(id) {
    shown.view = "tree";
    setSearch("");
    unfoldTo(id);
    list.select(id);
    openTask(id);
  },
};
