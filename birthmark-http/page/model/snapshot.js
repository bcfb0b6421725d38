// A snapshot of all tasks, as the program's JSON has it.

export const STATES = ["running", "blocked", "runnable", "waiting", "suspended", "created", "delayed", "idle"];

/** The states of tasks that are on a thread. */
export const ON_THREAD = ["running", "blocked", "idle"];

export class Snapshot {
  /** @type {Map<number, import("../types").Task> | undefined} */
  #byId;
  /** @type {boolean | undefined} */
  #hasLabels;
  /** @type {string[]} */
  #positions;
  /** @type {string[]} */
  #places = [];
  /** @type {{ what: string, where: string }[]} */
  #innermost = [];
  /**
   * The roots of the tree of all tasks, once they are needed.
   * @type {import("../types").Node[] | undefined}
   */
  roots;
  /**
   * Native stacks of the threads, which are taken apart from the snapshot.
   * @type {import("../types").Stacks | null}
   */
  stacks = null;

  /**
   * @param {import("../types").Head} head
   * @param {import("../types").Tables} tables
   */
  constructor(head, tables) {
    this.head = head;
    this.tables = tables;
    this.tasks = tables.tasks;
    /** `undefined` if the query did not select threads; `null` if the system does not list them. */
    this.threads = head.threads === null ? null : tables.threads;
    qualifyRoles(tables);
    this.#positions = tables.sites.map(position);
  }

  /** `true` if `tasks` has only the oldest selected tasks. `groups` counts all of them. */
  get isCut() {
    return this.head.selected !== undefined;
  }

  get groups() {
    return this.tables.groups;
  }

  /** @param {number} id */
  byId(id) {
    this.#byId ??= new Map(this.tasks.map((task) => [task.id, task]));
    return this.#byId.get(id);
  }

  /** `true` if a task has a label. */
  get hasLabels() {
    return (this.#hasLabels ??= this.tasks.some((task) => task.labels));
  }

  /**
   * Returns the tasks that a task has spawned.
   * @param {number} parent
   */
  tasksOf(parent) {
    const { ancestors } = this.tables;
    return this.tasks.filter(({ ancestor }) => ancestor != null && ancestors[ancestor].id === parent);
  }

  /**
   * Returns some of the keys of labels.
   * @param {number} most
   */
  labelKeys(most) {
    const keys = new Set();
    for (const { labels = {} } of this.hasLabels ? this.tasks : []) {
      for (const key of Object.keys(labels)) keys.add(key);
      if (keys.size >= most) break;
    }
    return [...keys].slice(0, most).sort();
  }

  /**
   * Returns, for each site, its position, the number of tasks that were spawned there and are alive or have ended, and the site.
   * @returns {[at: string, spawned: number, site: import("../types").Site][]}
   */
  spawnedBySite() {
    const live = Array(this.tables.sites.length).fill(0);
    for (const { site, count = 1 } of /** @type {import("../types").Described[]} */ (this.isCut ? this.groups : this.tasks)) {
      if (site != null) live[site] += count;
    }
    return this.tables.sites.map((site, i) => [this.#positions[i], live[i] + (site.ended ?? 0), site]);
  }

  /**
   * Returns the position of the spawn, such as `src/a.rs:31:5`; an empty text for threads without a site.
   * @param {import("../types").Described} task
   */
  at(task) {
    return this.#positions[task.site] ?? "";
  }

  /**
   * Yields the ancestors of a task, nearest first, as they were when they spawned.
   * @param {import("../types").Ancestor} task
   */
  *lineage(task) {
    for (let next = task.ancestor; next != null;) {
      const ancestor = this.tables.ancestors[next];
      yield ancestor;
      next = ancestor.ancestor;
    }
  }

  /**
   * Returns the frames of a task, outermost first; an empty list if it has none.
   * @param {import("../types").Stacked} task
   * @returns {import("../types").Frame[]}
   */
  frames({ stack }) {
    const { frames } = this.tables.stacks[stack] ?? { frames: [] };
    return frames.map((frame) => {
      const { site, depth, idle } = frame;
      const { file, line, column, function: name, awaited } = this.tables.frame_sites[site];
      return { depth, name, at: position({ file, line, column }), awaited, idle };
    });
  }

  /**
   * Returns the number of frames that were not recorded.
   * @param {import("../types").Stacked} task
   */
  omitted_frames({ stack }) {
    return this.tables.stacks[stack]?.omitted_frames ?? 0;
  }

  /**
   * Returns the frames of a task in one text, which is cached for each stack; `undefined` if it has none.
   * @param {import("../types").Stacked} task
   */
  place({ stack }) {
    if (stack == null) return undefined;
    return (this.#places[stack] ??= this.frames({ stack }).map(line).join("\n"));
  }

  /**
   * Returns the awaited expression and the position of the innermost frame; `undefined` if there is none.
   * @param {import("../types").Stacked} task
   */
  innermost({ stack }) {
    if (stack == null) return undefined;
    return (this.#innermost[stack] ??= this.#shortly(this.tables.stacks[stack]));
  }

  /** @param {import("../types").Stack} stack */
  #shortly({ frames, omitted_frames }) {
    const { awaited, idle } = leaves(frames);
    const { site } = awaited.at(-1) ?? idle.at(-1) ?? {};
    if (site === undefined) return { what: `${omitted_frames} frames`, where: "" };
    const { file, line } = this.tables.frame_sites[site];
    const deeper = omitted_frames && `${omitted_frames} frame${omitted_frames === 1 ? "" : "s"} deeper`;
    const kept = this.#leaf(idle) && this.#leaf(idle) + KEPT;
    const what = [this.#leaf(awaited), deeper, kept].filter(Boolean).join(", ");
    return { what, where: `${shortPath(file)}:${line}` };
  }

  /**
   * Returns the last leaf, and the number of others.
   * @param {import("../types").StackFrame[]} leaves
   */
  #leaf(leaves) {
    if (leaves.length === 0) return "";
    const { function: name, awaited } = this.tables.frame_sites[leaves.at(-1).site];
    const others = leaves.length > 1 ? ` and ${leaves.length - 1} more` : "";
    return (awaited ? `${awaited} in ${name}` : `in ${name}`) + others;
  }
}

/**
 * Puts the module before each role that sites of several modules share, as texts do.
 * @param {import("../types").Tables} tables
 */
function qualifyRoles({ sites, tasks, ancestors, groups }) {
  if (!sites.some(({ qualifier }) => qualifier)) return;
  for (const item of [...tasks, ...ancestors, ...(groups ?? [])]) {
    const qualifier = sites[item.site]?.qualifier;
    if (qualifier) item.role = `${qualifier}::${item.role}`;
  }
}

/**
 * Returns a position, of which the file begins with the package if it is in a dependency.
 * @param {{ file: string, line: number, column: number }} site
 */
const position = ({ file, line, column }) => `${file.replace(IN_CARGO, "")}:${line}:${column}`;

/** The way to the sources of a package in cargo's folder. */
const IN_CARGO = /^.*[/\\](?:registry[/\\]src[/\\][^/\\]*-[0-9a-f]{16}[/\\]|git[/\\]checkouts[/\\](?=[^/\\]*-[0-9a-f]{16}[/\\]))/;

/** The note on a frame whose future is kept and not polled now. */
export const KEPT = " (kept, not polled)";

/** @param {import("../types").Frame} frame */
const line = ({ depth, name, at, awaited, idle }) =>
  `${"  ".repeat(depth)}${name} at ${at}${awaited && `, awaiting ${awaited}`}${idle ? KEPT : ""}`;

/**
 * Returns the last two parts of a path, which identify a file better than the first ones.
 * @param {string} path
 */
const shortPath = (path) => path.split("/").slice(-2).join("/");

/**
 * Returns the frames without a frame inside of them. Frames that are kept and not polled are apart from the others.
 * @param {import("../types").StackFrame[]} frames
 */
function leaves(frames) {
  /** @type {{ awaited: import("../types").StackFrame[], idle: import("../types").StackFrame[] }} */
  const leaves = { awaited: [], idle: [] };
  let heldAt = Infinity;
  frames.forEach((frame, i) => {
    if (frame.depth <= heldAt) heldAt = frame.idle ? frame.depth : Infinity;
    if (!(frames[i + 1]?.depth > frame.depth)) leaves[heldAt === Infinity ? "awaited" : "idle"].push(frame);
  });
  return leaves;
}
