// All tasks at one moment.

class Snapshot {
  #byId;
  #hasLabels;
  #positions;
  #places = [];
  #innermost = [];

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

  /** Whether any task has a label. */
  get hasLabels() {
    return (this.#hasLabels ??= this.tasks.some((task) => task.labels));
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

  /** The innermost frame, as `{ what, where }`; `undefined` where there is none. */
  innermost({ stack }) {
    if (stack == null) return undefined;
    return (this.#innermost[stack] ??= this.#shortly(this.tables.stacks[stack]));
  }

  #shortly({ frames, beyond }) {
    const leaves = awaitedLeaves(frames);
    const { site } = leaves.at(-1) ?? {};
    if (site === undefined) return { what: `${beyond} frames`, where: "" };
    const { file, line, function: name, awaited } = this.tables.frame_sites[site];
    const others = leaves.length > 1 ? ` and ${leaves.length - 1} more` : "";
    const deeper = beyond ? `, ${beyond} frames deeper` : "";
    return { what: (awaited ? `${awaited} in ${name}` : `in ${name}`) + others + deeper, where: `${shortPath(file)}:${line}` };
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

/** The end of a path, which says more than its start. */
const shortPath = (path) => path.split("/").slice(-2).join("/");

/** The frames without one inside of them. Held ones, which nobody awaits now, only if there are no others. */
function awaitedLeaves(frames) {
  const leaves = { awaited: [], held: [] };
  let heldAt = Infinity;
  frames.forEach((frame, i) => {
    if (frame.depth <= heldAt) heldAt = frame.held ? frame.depth : Infinity;
    if (!(frames[i + 1]?.depth > frame.depth)) leaves[heldAt === Infinity ? "awaited" : "held"].push(frame);
  });
  return leaves.awaited.length > 0 ? leaves.awaited : leaves.held;
}
