// Taking of native stacks.

import { plural, timeOf } from "../model/text.js";
import { $, say, shown } from "./state.js";
import { read, timeout } from "./reader.js";
import { draw } from "./draw.js";
import { PATIENCE, reason } from "./refresh.js";

/** Takes the native stack of each thread, once. */
export async function takeStacks() {
  $("stacks").disabled = true;
  shown.notTaken = "";
  try {
    const snapshot = await read("limit=0&threads=stacks&state=running&state=blocked&state=idle", timeout(PATIENCE));
    const threads = new Map((snapshot.threads ?? []).map((thread) => [thread.id, thread]));
    shown.stacks = { time: timeOf(snapshot), threads };
    say(`Stacks of ${plural(threads.size, "thread")} were taken`);
  } catch (error) {
    shown.notTaken = reason(/** @type {Error} */ (error));
  } finally {
    $("stacks").disabled = false;
  }
  draw();
}
