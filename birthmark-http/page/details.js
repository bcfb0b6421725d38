// All that is known of one task.

const ORIGINS = { explicit: "given to it", hook: "given by a hook", inherited: "inherited" };

/** Fills the panel with a task as it was in a snapshot. `follow` is called with what is chosen there. */
function showDetails(panel, task, snapshot, follow) {
  const title = made("h2", `${task.name ? `${visible(task.name)} · ` : ""}${visible(task.role)}`);
  const head = made("div", title);
  head.className = "head";
  head.append(button("Close", () => follow.close(), "close"));
  panel.replaceChildren(
    head,
    facts(task, snapshot, follow),
    ...listed("Where it waits", snapshot.stack(task).map(visible)),
    ...listed("Lineage", [...snapshot.lineage(task)].map((ancestor) => ancestorLink(ancestor, snapshot, follow))),
    links(task, follow),
  );
}

function facts(task, snapshot, follow) {
  const site = snapshot.tables.sites[task.site];
  const list = document.createElement("dl");
  const entries = {
    Id: task.id,
    State: task.state + (task.thread == null ? "" : ` on thread ${task.thread}`) + since(task),
    Born: task.age_ms == null ? "not known" : `${ago(task.age_ms)} ago`,
    Kind: task.kind + (task.detached ? ", detached" : ""),
    Polls: count(task.polls),
    Name: task.name == null ? "none" : visible(task.name) + (task.name_cut ? "… (it was longer)" : ""),
    "Name from": task.name_origin && ORIGINS[task.name_origin] + (task.name_from ? ` from task ${task.name_from}` : ""),
    Labels: task.labels && labelLinks(task, follow),
    "Spawned at": site && snapshot.at(task),
    by: site && `${site.callee} in ${site.module}::${site.function}`,
    "Same site": site && button("show all of them", () => follow.search(`site:${snapshot.at(task)}`), "link"),
  };
  for (const [name, value] of Object.entries(entries)) {
    if (value !== undefined) list.append(made("dt", name), made("dd", value));
  }
  return list;
}

const since = (task) => (task.state_ms == null ? "" : ` for ${ago(task.state_ms)}`);

/** A heading and a list, unless that is empty. */
function listed(title, items) {
  if (items.length === 0) return [];
  const list = document.createElement("ol");
  list.append(...items.map((item) => made("li", item)));
  return [made("h3", title), list];
}

function ancestorLink(ancestor, snapshot, follow) {
  const text = `${ancestor.id} ${ancestor.name ? `${visible(ancestor.name)} · ` : ""}${visible(ancestor.role)}`;
  return snapshot.byId(ancestor.id)
    ? button(text, () => follow.task(ancestor.id), "link")
    : made("span", `${text} (ended)`);
}

function links(task, follow) {
  const links = made("div", "");
  links.className = "links";
  links.append(
    button("Descendants", () => follow.search(`under:${task.id}`)),
    button("In the tree", () => follow.inTree(task.id)),
  );
  return links;
}

function button(text, action, className = "") {
  const element = made("button", text);
  element.type = "button";
  element.className = className;
  element.addEventListener("click", action);
  return element;
}

/** An element with a text or another element in it. */
function made(tag, content) {
  const element = document.createElement(tag);
  element.append(content);
  return element;
}
