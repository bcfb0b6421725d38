// Which tasks are shown.

const FIELDS = {
  name: (task) => task.name ?? "",
  label: (task) => labels(task).join("\n"),
  role: (task) => task.role,
  state: (task) => task.state,
  kind: (task) => task.kind,
  site: (task, snapshot) => snapshot.at(task),
  stack: (task, snapshot) => snapshot.place(task) ?? "",
  id: (task) => String(task.id),
};

/**
 * Understands `words name:… under:42`, where all must agree, and returns a function that tells whether
 * a task is meant, or `null` if all are.
 */
function search(text, snapshot) {
  const terms = text.toLowerCase().match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const tests = terms.map((term) => test(term.replaceAll('"', ""), snapshot));
  return tests.length === 0 ? null : (task) => tests.every((agrees) => agrees(task));
}

function test(term, snapshot) {
  const [, key, value] = /^(\w+):(.*)$/.exec(term) ?? [];
  if (key === "under") return under(Number(value), snapshot);
  if (key in FIELDS) return (task) => FIELDS[key](task, snapshot).toLowerCase().includes(value);
  return (task) => Object.values(FIELDS).some((field) => field(task, snapshot).toLowerCase().includes(term));
}

/** Ancestors are in the table each after the one above it, so that one pass tells which descend. */
function under(id, snapshot) {
  const descends = [];
  for (const ancestor of snapshot.tables.ancestors) {
    descends.push(ancestor.id === id || (ancestor.ancestor != null && descends[ancestor.ancestor]));
  }
  return (task) => task.id === id || (task.ancestor != null && descends[task.ancestor]);
}
