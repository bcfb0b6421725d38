// The panel with one task.

import { ago, count, exact, timeOf, visible } from "../model/text.js";
import { KEPT } from "../model/snapshot.js";
import { labels } from "../model/labels.js";
import { called } from "../model/cells.js";
import { NO_POLLS } from "../model/columns.js";
import { button, classed, code, copied, facts, heading, made, section } from "./elements.js";
import { DEEPEST } from "./cells.js";
import { awaitStack } from "./await-stack.js";
import { waitSections } from "./findings.js";

const ORIGINS = { explicit: "given to it", hook: "given by a hook", inherited: "inherited" };

/**
 * Fills the panel with a task of a snapshot. `past` is empty for a task that is still there.
 * @param {HTMLElement} panel
 * @param {import("../types").Task} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {string} past
 * @param {import("../types").Awaits | null} awaits
 * @param {import("../types").Follow} follow
 */
export function showTaskDetails(panel, task, snapshot, past, awaits, follow) {
  panel.setAttribute("aria-label", "Task");
  panel.replaceChildren(
    heading(called(task), follow),
    ...(past ? [classed("p", "past", `${past} This is how it was last seen, at ${timeOf(snapshot)}.`)] : []),
    facts(taskFacts(task, snapshot, follow)),
    ...section("Where it waits", stack(task, snapshot, follow)),
    ...waitSections(waiting(task, awaits), nameOf(snapshot), follow),
    ...awaitStack(task, awaits, follow),
    ...section("Lineage", lineage(task, snapshot, follow)),
    ...siblings(task, snapshot, follow),
    links(task, follow),
  );
}

/**
 * @param {import("../types").Task} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Follow} follow
 */
function taskFacts(task, snapshot, follow) {
  const site = snapshot.tables.sites[task.site];
  return {
    Id: task.id,
    State: stateOf(task, follow),
    "On thread": task.thread != null && button(String(task.thread), () => follow.thread(task.thread), "link"),
    Spawned: task.age_ms == null ? "not known" : `${ago(task.age_ms)} ago`,
    Kind: task.kind + (task.pooled ? ", root (pool)" : task.root ? ", root" : ""),
    Runs: task.runs_no_task && "no task that has a record",
    Frames: task.unrecorded && "of futures without a record, which it has polled",
    Polls: task.polls == null ? NO_POLLS : count(task.polls),
    "Until polled": site?.delays && delays(site.delays),
    Name: task.name == null ? "none" : visible(task.name) + (task.name_truncated ? "… (it was longer)" : ""),
    "Name from": task.name_origin && ORIGINS[task.name_origin] + (task.name_from ? ` from task ${task.name_from}` : ""),
    Labels: task.labels && labelLinks(task, follow),
    Locals: task.task_locals && locals(task),
    "Spawned at": site && code(copied(snapshot.at(task), follow)),
    by: site && code(`${site.callee} in ${site.module}::${site.function}`),
    "Same site": site && button("show all of them", () => follow.search(`site:${snapshot.at(task)}`), "link"),
  };
}

/**
 * Returns the labels. Each is a link to the tasks that have it.
 * @param {import("../types").Task} task
 * @param {import("../types").Follow} follow
 */
function labelLinks(task, follow) {
  const links = document.createElement("div");
  for (const label of labels(task)) {
    // A search cannot contain a quotation mark.
    const link = label.includes('"')
      ? made("div", visible(label))
      : button(visible(label), () => follow.search(`label:"${label}"`), "link");
    links.append(link, " ");
  }
  if (task.labels_truncated) links.append("… (there was more)");
  return links;
}

/**
 * Returns the state, its time, and who has woken the task last.
 * @param {import("../types").Task} task
 * @param {import("../types").Follow} follow
 */
function stateOf(task, follow) {
  const text = made("div", task.state + since(task));
  const by = task.woken_by;
  if (task.no_waker) text.append(", no waker is left");
  else if (by?.itself) text.append(", woken by itself");
  else if (by?.task) text.append(", woken by ", button(`task ${by.task}`, () => follow.task(by.task), "link"));
  else if (by?.thread) text.append(`, woken by thread ${by.thread} ${visible(by.name ?? "")}, in no task`);
  else if (by) text.append(", woken by a thread in no task");
  return text;
}

/**
 * Returns the times from a wake to the next poll, of all tasks of the site.
 * @param {NonNullable<import("../types").Site["delays"]>} delays
 */
const delays = ({ count: polls, average_ns: average, max_ns: longest }) =>
  `up to ${exact(longest)} after a wake, ${exact(average)} on average of ${count(polls)} polls of its site`;

/** @param {import("../types").Task} task */
function locals({ task_locals: locals, task_locals_truncated: isCut }) {
  const texts = locals.map(({ name, value }) => visible(value === undefined ? name : `${name}=${value}`));
  return [...texts, ...(isCut ? ["… (there was more)"] : [])].join(", ");
}

/**
 * Returns what is known of the waits of a task: those of the snapshot, or those that were read with its await stack.
 * @param {import("../types").Task} task
 * @param {import("../types").Awaits | null} awaits
 * @returns {import("../types").Waiting}
 */
const waiting = (task, awaits) => (!task.waits && !task.holds && awaits?.task === task.id ? awaits : task);

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
const nameOf = (snapshot) => (id) => {
  const task = snapshot.byId(id);
  return task ? `task ${id} ${called(task)}` : `task ${id}`;
};

/** @param {import("../types").Task} task */
const since = (task) => (task.state_ms == null ? "" : ` for ${ago(task.state_ms)}`);

/**
 * @param {import("../types").Task} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Follow} follow
 */
function stack(task, snapshot, follow) {
  const items = snapshot.frames(task).map((it) => frame(it, follow));
  const omitted_frames = snapshot.omitted_frames(task);
  if (omitted_frames) items.push(made("li", `and ${omitted_frames} more, beyond the room for frames`));
  if (task.may_be_stale) items.push(made("li", "(it runs, and may have moved on)"));
  return items;
}

/**
 * @param {import("../types").Frame} frame
 * @param {import("../types").Follow} follow
 */
function frame({ depth, name, at, awaited, idle }, follow) {
  const item = made("li", code(visible(name)));
  item.style.marginLeft = `${Math.min(depth, DEEPEST) * 0.8}em`;
  item.append(awaited ? ` awaiting ${visible(awaited)}` : "", idle ? KEPT : "", classed("div", "at", copied(at, follow)));
  return item;
}

/** The most siblings that are listed. */
const MOST_SIBLINGS = 8;

/**
 * Returns the other tasks of the same parent.
 * @param {import("../types").Task} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Follow} follow
 */
function siblings(task, snapshot, follow) {
  const [parent] = snapshot.lineage(task);
  const others = parent ? snapshot.tasksOf(parent.id).filter(({ id }) => id !== task.id) : [];
  const items = others.slice(0, MOST_SIBLINGS).map((it) => made("li", button(`${it.id} ${called(it)}`, () => follow.task(it.id), "link")));
  const more = others.length - items.length;
  if (more > 0) items.push(made("li", button(`and ${count(more)} more`, () => follow.search(`under:${parent.id}`), "link")));
  return section(`Siblings (${count(others.length)})`, items);
}

/**
 * @param {import("../types").Task} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Follow} follow
 */
function lineage(task, snapshot, follow) {
  return [...snapshot.lineage(task)].map((ancestor) => made("li", ancestorLink(ancestor, snapshot, follow)));
}

/**
 * @param {import("../types").Ancestor} ancestor
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Follow} follow
 */
function ancestorLink(ancestor, snapshot, follow) {
  const text = `${ancestor.id} ${called(ancestor)}`;
  return follow.knows(ancestor.id)
    ? button(text, () => follow.task(ancestor.id), "link")
    : made("span", `${text} (${snapshot.isCut || snapshot.head.filter ? "not read" : "ended"})`);
}

/**
 * @param {import("../types").Task} task
 * @param {import("../types").Follow} follow
 */
function links(task, follow) {
  const links = classed("div", "links", button("Descendants", () => follow.search(`under:${task.id}`)));
  links.append(button("In the tree", () => follow.inTree(task.id)));
  return links;
}
