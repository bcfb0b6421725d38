// The start of the page.

import { $, follow, list, shown } from "./app/state.js";
import { draw } from "./app/draw.js";
import { press, readIfOther, refresh, timer } from "./app/refresh.js";
import { takeStacks } from "./app/stacks.js";
import { readAwaits } from "./app/awaits.js";
import { restore } from "./app/address.js";
import { groupTasksBy, mark, open, pause, searchSoon, show, sortBy, theme, toggle } from "./app/actions.js";
import { pressInTabs, pressKey } from "./app/keys.js";

function listen() {
  Object.assign(follow, { readAwaits });
  Object.assign(list, { onOpen: open, onToggle: toggle, onFollow: follow.task });
  // An open panel shows the selected row.
  list.onSelect = (row) => shown.panel && (row?.task || row?.thread) && open(row, false);
  $("pause").addEventListener("click", pause);
  $("mark").addEventListener("click", mark);
  $("stacks").addEventListener("click", takeStacks);
  $("theme").addEventListener("click", theme);
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("by").addEventListener("change", () => groupTasksBy($("by").value));
  $("search").addEventListener("input", searchSoon);
  $("heads").addEventListener("click", (event) => event.target.dataset.sort && sortBy(event.target.dataset.sort));
  $("views").addEventListener("click", (event) => event.target.dataset.view && show(event.target.dataset.view));
  $("views").addEventListener("keydown", pressInTabs);
  document.addEventListener("keydown", pressKey);
  document.addEventListener("pointerdown", () => press(true), true);
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => press(false), true);
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
