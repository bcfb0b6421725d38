// What the program is asked for. Where it has too many tasks to read them all, it searches itself.

/** The query of the dump that is wanted now. For threads it is that of the tasks that may run on them. */
function query() {
  const conditions = shown.view === "threads" ? [["threads", "states"], ["state", "running"]] : filter();
  return new URLSearchParams([["most", MOST], ...conditions]).toString();
}

/** The search as conditions of a filter, which selects no less than it does; none where all is read anyway. */
function filter() {
  if (!shown.remote) return [];
  const values = new Map();
  for (const { key = "text", value } of terms(shown.search, TASK_FIELDS)) values.set(key, [...(values.get(key) ?? []), value]);
  return [...values].flatMap(([key, values]) => CONDITIONS[key](values));
}

const each = (key) => (values) => values.map((value) => [key, value]);
/** Texts that must all be there are taken to follow one another. */
const asOne = (key) => (values) => [[key, `*${values.join("*")}*`]];
const STATES = ["running", "suspended", "created", "delayed"];

/** What the values of each key of a search are in a filter. */
const CONDITIONS = {
  text: each("text"),
  name: asOne("name"), role: asOne("role"), site: asOne("site"), kind: asOne("kind"), stack: asOne("stack"),
  // The page itself looks for what of this is meant.
  label: each("text"), id: each("under"),
  under: each("under"),
  state: ([value]) => {
    const states = STATES.filter((state) => state.includes(value.toLowerCase()));
    // Where it is none, the program says which there are.
    return each("state")(states.length === 0 ? [value] : states);
  },
};
