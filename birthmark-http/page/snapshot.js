// All tasks at one moment.

class Snapshot {
  #byId;
  #positions;

  constructor(head, tables) {
    this.head = head;
    this.tables = tables;
    this.tasks = tables.tasks;
    this.#positions = tables.sites.map(({ file, line, column }) => `${file}:${line}:${column}`);
  }

  byId(id) {
    this.#byId ??= new Map(this.tasks.map((task) => [task.id, task]));
    return this.#byId.get(id);
  }

  /** `src/a.rs:31:5`; empty for threads that nobody has spawned. */
  at(task) {
    return this.#positions[task.site] ?? "";
  }

  /** The ancestors of a task, nearest first, as they were when they spawned. */
  *lineage(task) {
    for (let next = task.ancestor; next != null;) {
      const ancestor = this.tables.ancestors[next];
      yield ancestor;
      next = ancestor.ancestor;
    }
  }

  /** The logical stack, outermost first, as texts; empty where there is none. */
  stack(task) {
    return (task.stack ?? []).map((frame) => this.#frame(frame));
  }

  /** A frame is a text, an object, or the place of one in a table. */
  #frame(frame) {
    if (typeof frame === "number") return this.#frame(this.tables.frames?.[frame] ?? `frame ${frame}`);
    if (typeof frame === "string") return frame;
    const { function: name = "?", file, line, column, depth = 0 } = frame;
    return "  ".repeat(depth) + (file ? `${name} at ${file}:${line}:${column}` : name);
  }

  /** How many tasks there are in each state. */
  states() {
    const states = new Map();
    for (const { state } of this.tasks) states.set(state, (states.get(state) ?? 0) + 1);
    return states;
  }
}
