// Which rows are shown.

const TASK_FIELDS = {
  name: (task) => task.name ?? "",
  label: (task) => labels(task).join("\n"),
  role: (task) => task.role,
  state: (task) => task.state,
  kind: (task) => task.kind,
  site: (task, snapshot) => snapshot.at(task),
  stack: (task, snapshot) => snapshot.place(task) ?? "",
  id: (task) => String(task.id),
};

const THREAD_FIELDS = {
  name: (thread) => thread.name,
  state: (thread) => `${thread.state} ${thread.doing}`,
  id: (thread) => String(thread.id),
  task: (thread, snapshot) => thread.tasks.map((id) => called(snapshot.byId(id), id)).join("\n"),
};

/** The parts of a search, each with its key, if it has one of `fields`. */
function terms(text, fields) {
  const parts = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return parts.map((part) => {
    const term = part.replaceAll('"', "");
    const [, word, value] = /^(\w+):(.*)$/s.exec(term) ?? [];
    const key = word?.toLowerCase();
    return key === "under" || key in fields ? { key, value } : { value: term };
  });
}

/**
 * Understands `words name:… under:42`, where all must agree, and returns a function that tells whether a task
 * or a thread is meant, or `null` if all are.
 */
function search(text, fields, snapshot) {
  const tests = terms(text.toLowerCase(), fields).map((term) => test(term, fields, snapshot));
  return tests.length === 0 ? null : (item) => tests.every((agrees) => agrees(item));
}

function test({ key, value }, fields, snapshot) {
  if (key === "under") return under(Number(value), snapshot);
  const wanted = key ? [fields[key]] : Object.values(fields);
  return (item) => wanted.some((field) => field(item, snapshot).toLowerCase().includes(value));
}

/** Ancestors are in the table each after the one above it, so that one pass tells which descend. */
function under(id, snapshot) {
  const descends = [];
  for (const ancestor of snapshot.tables.ancestors) {
    descends.push(ancestor.id === id || (ancestor.ancestor != null && descends[ancestor.ancestor]));
  }
  return (task) => task.id === id || (task.ancestor != null && descends[task.ancestor]);
}
