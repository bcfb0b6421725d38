// All that is known of one task.

const ORIGINS = { explicit: "given to it", hook: "given by a hook", inherited: "inherited" };

/** Fills the panel with a task as it was in a snapshot. `follow` is called with what is chosen there. */
function showTaskDetails(panel, task, snapshot, past, follow) {
  panel.setAttribute("aria-label", "Task");
  panel.replaceChildren(
    heading(called(task), follow),
    ...(past ? [classed("p", "past", `${past} This is how it was last seen, at ${timeOf(snapshot)}.`)] : []),
    facts(taskFacts(task, snapshot, follow)),
    ...section("Where it waits", stack(task, snapshot)),
    ...section("Lineage", lineage(task, snapshot, follow)),
    links(task, follow),
  );
}

function heading(title, follow) {
  const head = classed("div", "head", made("h2", title));
  head.append(button("Close", () => follow.close(), "close"));
  return head;
}

function taskFacts(task, snapshot, follow) {
  const site = snapshot.tables.sites[task.site];
  return {
    Id: task.id,
    State: task.state + since(task),
    "On thread": task.thread != null && button(String(task.thread), () => follow.thread(task.thread), "link"),
    Born: task.age_ms == null ? "not known" : `${ago(task.age_ms)} ago`,
    Kind: task.kind + (task.pooled ? ", kept by a pool" : task.detached ? ", detached" : ""),
    Runs: task.runs_no_task && "no task that has a record: it may be idle",
    Frames: task.unrecorded && "of futures without a record, which it has polled",
    Polls: task.polls == null ? NO_POLLS : count(task.polls),
    Name: task.name == null ? "none" : visible(task.name) + (task.name_cut ? "… (it was longer)" : ""),
    "Name from": task.name_origin && ORIGINS[task.name_origin] + (task.name_from ? ` from task ${task.name_from}` : ""),
    Labels: task.labels && labelLinks(task, follow),
    "Spawned at": site && code(snapshot.at(task)),
    by: site && code(`${site.callee} in ${site.module}::${site.function}`),
    "Same site": site && button("show all of them", () => follow.search(`site:${snapshot.at(task)}`), "link"),
  };
}

/** A list of names and what they stand for, without what is not there. */
function facts(entries) {
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(entries)) {
    if (value || value === 0) list.append(made("dt", name), made("dd", value));
  }
  return list;
}

const since = (task) => (task.state_ms == null ? "" : ` for ${ago(task.state_ms)}`);

/** A heading and a list, unless that is empty. */
function section(title, items, className = "") {
  if (items.length === 0) return [];
  const list = classed("ol", className, "");
  list.append(...items);
  return [made("h3", title), list];
}

function stack(task, snapshot) {
  const items = snapshot.frames(task).map(frame);
  const beyond = snapshot.beyond(task);
  if (beyond) items.push(made("li", `and ${beyond} more, beyond the room for frames`));
  if (task.moving) items.push(made("li", "(it runs, and may have moved on)"));
  return items;
}

function frame({ depth, name, at, awaited, held }) {
  const item = made("li", code(visible(name)));
  item.style.marginLeft = `${Math.min(depth, DEEPEST) * 0.8}em`;
  item.append(awaited ? ` awaiting ${visible(awaited)}` : "", held ? KEPT : "", classed("div", "at", at));
  return item;
}

function lineage(task, snapshot, follow) {
  return [...snapshot.lineage(task)].map((ancestor) => made("li", ancestorLink(ancestor, snapshot, follow)));
}

function ancestorLink(ancestor, snapshot, follow) {
  const text = `${ancestor.id} ${called(ancestor)}`;
  return lastSeen((snapshot) => snapshot.byId(ancestor.id))
    ? button(text, () => follow.task(ancestor.id), "link")
    : made("span", `${text} (${snapshot.isCut || snapshot.head.filter ? "not read" : "ended"})`);
}

function links(task, follow) {
  const links = classed("div", "links", button("Descendants", () => follow.search(`under:${task.id}`)));
  links.append(button("In the tree", () => follow.inTree(task.id)));
  return links;
}

function button(text, action, className = "") {
  const element = classed("button", className, text);
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}

const code = (text) => made("code", text);

/** An element with a text or another element in it. */
function made(tag, content) {
  const element = document.createElement(tag);
  element.append(content);
  return element;
}

function classed(tag, className, content) {
  const element = made(tag, content);
  element.className = className;
  return element;
}
