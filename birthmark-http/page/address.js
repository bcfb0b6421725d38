// What is shown, as the address has it: so it survives a reload, can be sent to somebody else, and Back leads to what
// was shown before.

/** More folded and unfolded rows than this are not kept: the address would be too long. */
const MOST_KEPT = 100;

/** The sorts that views have at first. */
const USUAL = Object.fromEntries(Object.entries(VIEWS).map(([name, { sort }]) => [name, sort && sortText(sort)]));

function sortText({ column, down }) {
  return `${down ? "-" : ""}${column}`;
}

/** The part of the address after `#`, with it; empty for what is shown at first. */
function address() {
  const parts = new URLSearchParams();
  if (shown.view !== "tree") parts.set("view", shown.view);
  if (shown.search) parts.set("search", shown.search);
  for (const [name, { sort }] of Object.entries(VIEWS)) {
    if (sort && sortText(sort) !== USUAL[name]) parts.set(`sort-${name}`, sortText(sort));
  }
  for (const [what, id] of Object.entries(shown.panel ?? {})) parts.set(what, id);
  for (const key of [...shown.toggled].slice(-MOST_KEPT)) parts.append("toggled", key);
  return parts.size === 0 ? "" : `#${parts}`;
}

/** Keeps in the address what is shown: as a step that Back undoes, or in place of what the address had. */
function keep({ step }) {
  if (step) searchSoon.goesOn = false;
  const part = address();
  if (part === location.hash) return;
  history[step ? "pushState" : "replaceState"](null, "", location.pathname + location.search + part);
}

/** Shows what the address says. */
function restore() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const view = parts.get("view") ?? "";
  shown.view = Object.hasOwn(VIEWS, view) ? view : "tree";
  shown.search = $("search").value = parts.get("search") ?? "";
  for (const [name, view] of Object.entries(VIEWS)) {
    if (view.sort) view.sort = sortOf(parts.get(`sort-${name}`), view) ?? sortOf(USUAL[name], view);
  }
  shown.toggled = new Set(parts.getAll("toggled").map((key) => (/^\d+$/.test(key) ? Number(key) : key)));
  const [task, thread] = ["task", "thread"].map((what) => Number(parts.get(what)) || null);
  shown.panel = task ? { task } : thread ? { thread } : null;
  if (shown.panel) list.select(task ?? threadKey(thread), { scroll: false });
}

/** A sort by its text; `null` if the view has no such column. */
function sortOf(text, { columns }) {
  const column = text?.replace(/^-/, "");
  return columns.includes(column) ? { column, down: text.startsWith("-") } : null;
}
