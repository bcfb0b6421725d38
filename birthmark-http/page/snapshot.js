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
    /** Undefined if threads were not asked for, and null if the system does not list them. */
    this.threads = head.threads === null ? null : tables.threads;
    this.#positions = tables.sites.map(({ file, line, column }) => `${file}:${line}:${column}`);
  }

  /** Whether `tasks` are but the oldest of those that were selected, all of which `groups` counts. */
  get isCut() {
    return this.head.selected !== undefined;
  }

  get groups() {
    return this.tables.groups;
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

  /** The logical stack, outermost first, as `{ depth, name, at, awaited, held }`; empty where there is none. */
  frames({ stack }) {
    const { frames } = this.tables.stacks[stack] ?? { frames: [] };
    return frames.map(({ site, depth, held }) => {
      const { file, line, column, function: name, awaited } = this.tables.frame_sites[site];
      return { depth, name, at: `${file}:${line}:${column}`, awaited, held };
    });
  }

  /** How many frames there are besides. */
  beyond({ stack }) {
    return this.tables.stacks[stack]?.beyond ?? 0;
  }

  /** The logical stack in one text, made once for all that stand there; `undefined` where there is none. */
  place({ stack }) {
    if (stack == null) return undefined;
    return (this.#places[stack] ??= this.frames({ stack }).map(line).join("\n"));
  }

  /** The innermost frame, as `{ what, where }`; `undefined` where there is none. */
  innermost({ stack }) {
    if (stack == null) return undefined;
    return (this.#innermost[stack] ??= this.#shortly(this.tables.stacks[stack]));
  }

  #shortly({ frames, beyond }) {
    const { awaited, held } = leaves(frames);
    const { site } = awaited.at(-1) ?? held.at(-1) ?? {};
    if (site === undefined) return { what: `${beyond} frames`, where: "" };
    const { file, line } = this.tables.frame_sites[site];
    const deeper = beyond && `${beyond} frame${beyond === 1 ? "" : "s"} deeper`;
    const kept = this.#leaf(held) && this.#leaf(held) + KEPT;
    const what = [this.#leaf(awaited), deeper, kept].filter(Boolean).join(", ");
    return { what, where: `${shortPath(file)}:${line}` };
  }

  /** The last of some leaves, and how many there are besides. */
  #leaf(leaves) {
    if (leaves.length === 0) return "";
    const { function: name, awaited } = this.tables.frame_sites[leaves.at(-1).site];
    const others = leaves.length > 1 ? ` and ${leaves.length - 1} more` : "";
    return (awaited ? `${awaited} in ${name}` : `in ${name}`) + others;
  }
}

/** What follows a frame whose future is there and that nobody awaits now. */
const KEPT = " (kept, not polled)";

const line = ({ depth, name, at, awaited, held }) =>
  `${"  ".repeat(depth)}${name} at ${at}${awaited && `, awaiting ${awaited}`}${held ? KEPT : ""}`;

/** The end of a path, which says more than its start. */
const shortPath = (path) => path.split("/").slice(-2).join("/");

/** The frames without one inside of them; apart from the others, those that are kept and awaited by nobody now. */
function leaves(frames) {
  const leaves = { awaited: [], held: [] };
  let heldAt = Infinity;
  frames.forEach((frame, i) => {
    if (frame.depth <= heldAt) heldAt = frame.held ? frame.depth : Infinity;
    if (!(frames[i + 1]?.depth > frame.depth)) leaves[heldAt === Infinity ? "awaited" : "held"].push(frame);
  });
  return leaves;
}
