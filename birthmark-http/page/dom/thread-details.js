// The panel with one OS thread.

import { seconds, shortened, visible } from "../model/text.js";
import { called } from "../model/cells.js";
import { functionOf, isRecorded } from "../model/thread-cells.js";
import { button, classed, code, facts, heading, made, section } from "./elements.js";

/**
 * @param {HTMLElement} panel
 * @param {import("../types").Thread} thread
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Stacks | null} stacks
 * @param {import("../types").Follow} follow
 */
export function showThreadDetails(panel, thread, snapshot, stacks, follow) {
  panel.setAttribute("aria-label", "OS thread");
  panel.replaceChildren(
    heading(visible(thread.name) || `thread ${thread.id}`, follow),
    facts(threadFacts(thread, snapshot)),
    ...section("Runs", thread.tasks.map((id) => made("li", taskLink(id, snapshot, follow)))),
    ...nativeStack(thread, stacks),
  );
}

/**
 * @param {import("../types").Thread} thread
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
function threadFacts(thread, snapshot) {
  return {
    Id: thread.id,
    State: thread.state + (thread.uninterruptible ? ", uninterruptible: no signal wakes it" : ""),
    "In the kernel": code(visible(thread.doing)),
    CPU: seconds(thread.cpu_ms),
    Record: isRecorded(thread, snapshot) ? "it is a task itself" : "none: it was not spawned by instrumented code",
    Note: thread.may_be_stale && "it went on to other tasks while it was looked at",
  };
}

/**
 * @param {number} id
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Follow} follow
 */
function taskLink(id, snapshot, follow) {
  const task = snapshot.byId(id);
  return task ? button(`${id} ${called(task)}`, () => follow.task(id), "link") : made("span", `task ${id}`);
}

/**
 * Returns the native stack, if one was taken of this thread.
 * @param {import("../types").Thread} thread
 * @param {import("../types").Stacks | null} stacks
 */
function nativeStack({ id }, stacks) {
  const { native_stack: stack, no_stack: why } = stacks?.threads.get(id) ?? {};
  if (why) return section("Native stack", [made("li", `none: ${visible(why)}`)]);
  if (!stack) return [];
  const items = stack.frames.map(nativeFrame);
  if (!stack.complete) items.push(made("li", "and more, which could not be followed"));
  return section(`Native stack at ${stacks.time}`, items, "native");
}

/** @param {import("../types").NativeFrame} frame */
function nativeFrame(frame) {
  const item = made("li", code(visible(functionOf(frame))));
  if (frame.inlined) item.append(" (inlined)");
  const at = frame.file && [shortened(frame.file), frame.line, frame.column].filter(Boolean).join(":");
  if (at) item.append(classed("div", "at", visible(at)));
  return item;
}
