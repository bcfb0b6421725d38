// The await stack of a task in its panel.

import { shortened, visible } from "../model/text.js";
import { button, classed, code, made, section } from "./elements.js";
import { DEEPEST } from "./cells.js";

/** The states of tasks that are suspended. */
const SUSPENDED = ["suspended", "waiting", "runnable"];

/**
 * Returns the section: a button until the stack was read.
 * @param {import("../types").Task} task
 * @param {import("../types").Awaits | null} awaits
 * @param {import("../types").Follow} follow
 */
export function awaitStack(task, awaits, follow) {
  const read = awaits?.task === task.id ? awaits : null;
  if (!read && !SUSPENDED.includes(task.state)) return [];
  const again = button(read ? "Read again" : "Read from debug information", () => follow.readAwaits(task.id), "link");
  const items = read ? [...(read.stack ? awaitFrames(read.stack) : [made("li", `none: ${visible(read.why)}`)])] : [];
  return section(read?.time ? `Await stack at ${read.time}` : "Await stack", [...items, made("li", again)], "awaits");
}

/** @param {import("../types").AwaitStack} stack */
function awaitFrames(stack) {
  const items = stack.frames.map(awaitFrame);
  if (stack.missing) items.push(made("li", missingText(stack)));
  return items;
}

/** @param {import("../types").AwaitFrame} frame */
function awaitFrame(frame) {
  const item = made("li", code(visible(frame.name)));
  item.style.marginLeft = `${Math.min(frame.depth, DEEPEST) * 0.8}em`;
  if (frame.awaited) item.append(` awaiting ${visible(frame.awaited)}`);
  if (frame.receiver) item.append(` ${visible(frame.receiver.name)}=${frame.receiver.address}`);
  if (frame.via) item.append(` via ${visible(frame.via.join(" > "))}`);
  const at = frame.file && [shortened(frame.file), frame.line, frame.column].filter(Boolean).join(":");
  item.append(classed("div", "at", [at && visible(at), frame.source].filter(Boolean).join(", ")));
  if (frame.missing) item.append(classed("div", "at", missingText(frame)));
  return item;
}

/** @param {{ missing?: string, help?: string }} of */
const missingText = ({ missing, help }) => `(${visible(missing)}${help ? `; help: ${visible(help)}` : ""})`;
