// Reading of one task's await stack out of debug information.

import { timeOf } from "../model/text.js";
import { say, shown } from "./state.js";
import { read, timeout } from "./reader.js";
import { drawPanel } from "./panel.js";
import { PATIENCE, reason } from "./refresh.js";

/**
 * Reads the await stack of a task, once.
 * @param {number} id
 */
export async function readAwaits(id) {
  try {
    // The oldest of a task and its descendants is the task itself.
    const snapshot = await read(`limit=1&awaits=debug-info&waits=on&under=${id}`, timeout(PATIENCE));
    const { missing, help } = snapshot.head.awaits ?? {};
    const why = missing ? `${missing}${help ? `; help: ${help}` : ""}` : "it is not suspended, or has ended";
    const { awaits: stack, waits, holds } = snapshot.byId(id) ?? {};
    shown.awaits = { task: id, time: timeOf(snapshot), stack, why, waits, holds };
    say("The await stack was read");
  } catch (error) {
    shown.awaits = { task: id, time: "", stack: undefined, why: reason(/** @type {Error} */ (error)) };
  }
  drawPanel();
}
