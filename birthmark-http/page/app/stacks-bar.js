// The bar above the OS threads, from which native stacks are taken.

import { $, shown } from "./state.js";

/** The program adds a template to the page if native stacks may be taken. */
const MAY_TAKE_STACKS = $("native-stacks") !== null;

export function drawStacksBar() {
  $("stacks-bar").hidden = shown.view !== "threads";
  $("stacks").hidden = !MAY_TAKE_STACKS;
  $("stacks").textContent = shown.stacks ? "Take native stacks again" : "Take native stacks";
  $("stacks-note").textContent = shown.notTaken || stacksNote();
}

function stacksNote() {
  if (shown.stacks) return `Stacks are those of ${shown.stacks.time}. Threads have gone on since.`;
  return MAY_TAKE_STACKS
    ? "Interrupts each thread for a moment, by a signal: a system call that it waits in may return EINTR."
    : "Native stacks are off: the program allows them with Options::native_stacks.";
}
