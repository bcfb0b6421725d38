// The types of the page. The JSON's own are in the schema of a dump; here are the parts that the page reads.

import type { Snapshot } from "./model/snapshot.js";
import type { History } from "./model/history.js";
import type { Rows } from "./model/rows.js";

export interface Head {
  program: string;
  pid: number;
  time_unix_ms: number;
  total: number;
  /** The number of tasks that the filter selects, if not all of them are in the dump. */
  selected?: number;
  filter?: string;
  threads?: null;
  /** The reading of await stacks, if they were requested. */
  awaits?: { missing?: string; help?: string };
  coverage: Record<string, any>;
  /** The reason for which the waits of some tasks are not known. */
  waits_unknown?: string;
  /** The tasks that ended before they were ready. */
  gone?: { panicked: number; cancelled: number; refused: number; tasks: GoneTask[] };
}

/** A task that ended before it was ready. */
export interface GoneTask {
  id: number;
  outcome: string;
  role: string;
  name: string | null;
  ended_ms: number | null;
  message?: string;
  panic?: { file: string; line: number; column: number };
}

export interface Site {
  file: string;
  line: number;
  column: number;
  callee: string;
  module: string;
  function: string;
  role: string;
  /** The number of tasks that have ended. */
  ended?: number;
  /** The times between a wake and the next poll, in nanoseconds. */
  delays?: { count: number; average_ns: number; max_ns: number };
  /** The end of the module, if sites of other modules have the same role. */
  qualifier?: string;
}

export interface FrameSite {
  file: string;
  line: number;
  column: number;
  function: string;
  awaited: string;
}

export interface StackFrame {
  site: number;
  depth: number;
  idle?: boolean;
}

export interface Stack {
  frames: StackFrame[];
  /** The number of frames that were not recorded. */
  omitted_frames: number;
}

/** A frame with its site. */
export interface Frame {
  depth: number;
  name: string;
  at: string;
  awaited: string;
  idle?: boolean;
}

/** A task, an ancestor of a task, or a group: all have these. */
export interface Described {
  role: string;
  kind?: string;
  site?: number | null;
  state?: string;
  stack?: number | null;
  /** The number of tasks, in groups. */
  count?: number;
  runs_no_task?: boolean;
  unrecorded?: boolean;
}

/** What has been in its state for some time. */
export interface Timed extends Described {
  state_ms?: number | null;
}

export interface Ancestor extends Timed {
  id: number;
  name?: string;
  name_origin?: string;
  name_truncated?: boolean;
  /** The index of the next ancestor. */
  ancestor?: number | null;
  age_ms?: number | null;
}

/** A task that keeps another one waiting. */
export interface Need {
  task: number;
  reason: string;
  certain: boolean;
  value?: string;
}

/** What a task waits for, and what it holds. */
export interface Waiting {
  waits?: { thing: string; needs?: Need[]; needs_more?: number }[];
  holds?: { thing: string; certain: boolean; waiters: number; value: string }[];
}

/** The pieces of a line: texts, and ids of tasks. */
export type Linked = (string | number)[];

/** Tasks that cannot go on, and the reason. */
export interface Finding {
  kind: string;
  certain: boolean;
  behind: number;
  tasks: number[];
  lines: (string | { task: number; text: string })[][];
}

export interface Task extends Ancestor, Waiting {
  name_from?: number;
  labels?: Record<string, string>;
  labels_truncated?: boolean;
  polls?: number | null;
  woken_by?: { itself?: true; task?: number; thread?: number | null; name?: string };
  no_waker?: true;
  thread?: number | null;
  may_be_stale?: boolean;
  awaits?: AwaitStack;
  task_locals?: { name: string; value?: string }[];
  task_locals_truncated?: boolean;
  pooled?: boolean;
  root?: boolean;
}

export interface Group extends Described {
  count: number;
  names: string[];
  more_names?: boolean;
  max_age_ms?: number | null;
  min_age_ms?: number;
  /** The longest time for which one of them has been in its state. */
  max_state_ms?: number | null;
  key?: string;
  /** One of its tasks, or of the program's own groups. */
  first?: Described;
  /** The tasks are in several states, which `state` counts. */
  isMixed?: boolean;
  past?: Series;
}

/** What tasks may be grouped by. */
export interface Grouping {
  title: string;
  /** The key depends on the site alone, so that groups of sites are counted as their tasks are. */
  ofSites: boolean;
  /** The tasks of a group have one role, which its row shows. */
  showsRole?: boolean;
  keyOf: (task: any, snapshot: Snapshot) => string;
  keyOfSite?: (site: Site, at: string) => string;
  /** Returns the search for the tasks of a group; an empty text if there is none. */
  search: (task: any, snapshot: Snapshot) => string;
}

/** The past of a group. */
export interface Series {
  /** The number of tasks at each moment. */
  live: number[];
  /** The number of spawns per second since the moment before; `undefined` if it is not known. */
  spawns?: number;
  /** The number of polls per second, of tasks that are alive. */
  polls?: number;
}

export interface NativeFrame {
  function?: string;
  address?: string;
  file?: string;
  line?: number;
  column?: number;
  inlined?: boolean;
}

export interface Thread {
  id: number;
  name: string;
  state: string;
  doing: string;
  uninterruptible?: boolean;
  cpu_ms?: number | null;
  may_be_stale?: boolean;
  /** The ids of the tasks that it runs, the innermost first. */
  tasks: number[];
  native_stack?: { frames: NativeFrame[]; complete: boolean };
  no_stack?: string;
}

export interface Tables {
  tasks: Task[];
  ancestors: Ancestor[];
  sites: Site[];
  stacks: Stack[];
  frame_sites: FrameSite[];
  groups?: Group[];
  threads?: Thread[];
  stuck?: Finding[];
}

/** Native stacks by the thread's id, and the time at which they were taken. */
export interface Stacks {
  time: string;
  threads: Map<number, Thread>;
}

/** An await stack out of debug information. */
export interface AwaitStack {
  frames: AwaitFrame[];
  missing?: string;
  help?: string;
}

export interface AwaitFrame {
  depth: number;
  source: string;
  name: string;
  file?: string;
  line?: number;
  column?: number;
  awaited?: string;
  via?: string[];
  receiver?: { name: string; address: string };
  missing?: string;
  help?: string;
}

/** The await stack of the task that was read last, or the reason for which it has none. */
export interface Awaits extends Waiting {
  task: number;
  time: string;
  stack: AwaitStack | undefined;
  why: string;
}

/** The parts of a task that identify its stack. */
export type Stacked = Pick<Described, "stack">;

/** A class, a text, and perhaps the id of a task to follow. */
export type Piece = [className: string, text: string | number, task?: number];

/** The key of a row: an id for tasks, a text for others. It stays the same from one snapshot to the next. */
export type Key = number | string;

export interface Row {
  key: Key;
  snapshot?: Snapshot;
  task?: Task;
  thread?: Thread;
  group?: Group | Task;
  className?: string;
  /** The depth in the tree, from 1; rows of flat lists have none. */
  level?: number;
  /** The number of rows that are folded in it. */
  children?: number;
  expanded?: boolean;
  /** What the columns sort it by, of rows that have no task of their own. */
  keys?: Record<string, string | number>;
  /** The search for the tasks of a group. */
  search?: string;
  /** The numbers of a line chart. */
  trend?: number[];
  cell: (column: string) => Piece[];
}

/** A node of the tree: a task, an ended ancestor, or a fold of alike siblings. */
export interface Node {
  id: Key;
  task?: Task;
  ancestor?: Ancestor;
  members?: Node[];
  children: Node[] | null;
  /** The search selects it. */
  selected: boolean;
  /** Alike nodes have the same number. */
  shape?: number;
  level: number;
  expanded: boolean;
  row?: Row;
}

export interface Sort {
  column: string;
  down: boolean;
}

/** The input of a view. */
export interface Input {
  snapshot: Snapshot;
  tasks?: Task[];
  threads?: Thread[];
  marked?: Snapshot | null;
  markedTasks?: Task[];
  toggled?: Set<Key>;
  sort?: Sort;
  /** The name of the grouping. */
  by?: string;
  history?: History;
}

export interface View {
  columns: string[];
  rows: (input: Input) => Rows;
  /** The column by which rows are sorted, in views that can be sorted. */
  sort?: Sort;
}

export interface Column {
  title: string;
  /** A track of a CSS grid. */
  width: string;
  kind: string;
  /** The key by which rows are sorted. */
  by?: (item: any, snapshot: Snapshot) => any;
  cell?: (item: any, snapshot: Snapshot) => Piece[];
  /** The text that is shown if the pointer rests on the cell. */
  note?: (item: any) => string;
}

export interface Term {
  key?: string;
  value: string;
}

export type Panel = { task: number; thread?: undefined } | { thread: number; task?: undefined };

export interface State {
  view: string;
  /** The reader has chosen the view, or the address has. */
  isViewChosen: boolean;
  /** The name of the grouping. */
  by: string;
  search: string;
  /** The keys of rows that are not folded or unfolded as they are by default. */
  toggled: Set<Key>;
  paused: boolean;
  snapshot: Snapshot | null;
  /** The last snapshot with threads, and with the tasks that run on them. */
  threads: Snapshot | null;
  stacks: Stacks | null;
  /** The reason why no stacks could be taken; empty if there is none. */
  notTaken: string;
  awaits: Awaits | null;
  marked: Snapshot | null;
  /** The program searches, because it has too many tasks to read them all. */
  remote: boolean;
  panel: Panel | null;
  history: History;
}

/** The actions of the links in the panel. */
export interface Follow {
  /** Returns `true` if a snapshot at hand has the task. */
  knows(id: number): boolean;
  close(): void;
  search(text: string): void;
  task(id: number): void;
  thread(id: number): void;
  readAwaits(id: number): void;
  inTree(id: number): void;
  /** Copies a text, which an element shows. */
  copy(text: string, element: HTMLElement): void;
}

/** The fields of an item that a search looks at, by their keys. */
export type Fields = Record<string, (item: any, snapshot: Snapshot) => string>;

/** A site's number of tasks, one of them or their group, and the snapshot that has it. */
export interface Entry {
  count: number;
  one: Task | Group;
  snapshot: Snapshot;
}

/** A task below a heading. */
export interface Member {
  key: Key;
  task: Task;
  snapshot: Snapshot;
}
