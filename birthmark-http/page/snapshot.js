// All tasks at one moment.

class Snapshot {
  #byId;
  #positions;
  #places = [];

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
    const lines = this.place(task)?.split("\n") ?? [];
    return task.moving ? [...lines, "(it runs, and may have moved on)"] : lines;
  }

  /** The same in one text, made once for all that stand there; `undefined` where there is none. */
  place({ stack }) {
    if (stack == null) return undefined;
    return (this.#places[stack] ??= this.#lines(this.tables.stacks[stack]).join("\n"));
  }

  #lines({ frames, beyond }) {
    const lines = frames.map((frame) => this.#frame(frame));
    return beyond ? [...lines, `and ${beyond} more, beyond the room for frames`] : lines;
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
