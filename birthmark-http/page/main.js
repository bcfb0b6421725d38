// The start of the page.

import { $, follow, list, shown } from "./app/state.js";
import { draw } from "./app/draw.js";
import { readIfOther, refresh, timer } from "./app/refresh.js";
import { takeStacks } from "./app/stacks.js";
import { readAwaits } from "./app/awaits.js";
import { restore } from "./app/address.js";
import { mark, open, pause, searchSoon, show, sortBy, theme, toggle } from "./app/actions.js";
import { press, pressInTabs } from "./app/keys.js";

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
  $("search").addEventListener("input", searchSoon);
  $("heads").addEventListener("click", (event) => event.target.dataset.sort && sortBy(event.target.dataset.sort));
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
