// The labels of tasks.

/** Each as `key=value`. */
const labels = (task) => Object.entries(task.labels ?? {}).map(([key, value]) => `${key}=${value}`);

const labelText = (task) => labels(task).map(visible).join(" ");

/** The labels, each a way to the tasks that have it. */
function labelLinks(task, follow) {
  const links = document.createElement("div");
  for (const label of labels(task)) {
    // The search has no way to ask for a quotation mark.
    const link = label.includes('"')
      ? made("div", visible(label))
      : button(visible(label), () => follow.search(`label:"${label}"`), "link");
    links.append(link, " ");
  }
  if (task.labels_cut) links.append("… (there was more)");
  return links;
}
