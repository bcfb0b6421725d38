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
    const stack = this.tables.stacks[task.stack];
    if (!stack) return [];
    const lines = stack.frames.map((frame) => this.#frame(frame));
    if (stack.beyond) lines.push(`and ${stack.beyond} more, beyond the room for frames`);
    if (task.moving) lines.push("(it runs, and may have moved on)");
    return lines;
  }

  #frame({ site, depth, held }) {
    const { file, line, column, function: name, awaited } = this.tables.frame_sites[site];
    const what = (awaited && `, awaiting ${awaited}`) + (held ? " (held)" : "");
    return `${"  ".repeat(depth)}${name} at ${file}:${line}:${column}${what}`;
  }

  /** How many tasks there are in each state. */
  states() {
    const states = new Map();
    for (const { state } of this.tasks) states.set(state, (states.get(state) ?? 0) + 1);
    return states;
  }
}
