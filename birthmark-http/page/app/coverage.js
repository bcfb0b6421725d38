// The summary lines: how many tasks there are, and what the dump covers.

import { stateCounts } from "../model/groups.js";
import { ago, count, plural, shortened, visible } from "../model/text.js";

/**
 * Returns texts such as `250 of 100,002 tasks` and the count of each state.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Task[]} tasks
 */
export function taskParts(snapshot, tasks) {
  const { total, selected = tasks.length } = snapshot.head;
  const which = selected === total ? "" : `${count(selected)} of `;
  return [which + plural(total, "task"), stateCounts(snapshot.isCut ? snapshot.groups : tasks)];
}

/**
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../types").Thread[]} selected
 */
export function threadParts({ threads }, selected) {
  if (!threads) return ["OS threads: this system does not list them"];
  const which = selected.length === threads.length ? "" : `${count(selected.length)} of `;
  return [which + plural(threads.length, "OS thread"), stateCounts(selected)];
}

/**
 * Returns what the dump covers and what it lacks.
 * @param {import("../types").Head} head
 */
export function coverage({ pid, coverage, gone }) {
  const { os_threads: all, recorded_os_threads: recorded, untracked_spawns: off, refused, dropped_records, passed_through: passed, ages_known, sites } = coverage;
  const parts = [
    all == null ? "OS threads not looked at" : `${recorded} of ${plural(all, "OS thread")} have a record`,
    `${count(off)} spawned while birthmark was off`,
    refused > 0 && `${count(refused)} refused by hooks`,
    dropped_records > 0 && `${count(dropped_records)} not recorded for lack of memory`,
    passed > 0 && `${plural(passed, "argument")} of spawn calls ${passed === 1 ? "was" : "were"} no known kind of task (not recorded)`,
    !ages_known && "ages not known",
    `${plural(sites, "site")} linked`,
    ...goneParts(gone),
  ];
  return `process ${pid}: ${parts.filter(Boolean).join("; ")}`;
}

/** The number of tasks that have panicked and that are named. */
const NAMED = 3;

/**
 * Returns how many tasks ended before they were ready, and the last ones that have panicked.
 * @param {import("../types").Head["gone"]} gone
 */
function goneParts(gone) {
  if (!gone) return [];
  const { panicked, cancelled, refused, tasks } = gone;
  const counts = [panicked > 0 && `${count(panicked)} panicked`, cancelled > 0 && `${count(cancelled)} cancelled`, refused > 0 && `${count(refused)} refused`];
  const last = tasks.filter(({ outcome }) => outcome === "panicked").slice(0, NAMED);
  return [`gone before they were ready: ${counts.filter(Boolean).join(", ")}`, ...last.map(panic)];
}

/**
 * Returns a text such as `task 2 read_frames panicked 4 s ago at src/main.rs:21:9: index out of bounds`.
 * @param {import("../types").GoneTask} task
 */
function panic({ id, name, role, ended_ms: ended, panic: place, message }) {
  const who = name == null ? visible(role) : `"${visible(name)}" ${visible(role)}`;
  const when = ended == null ? "" : ` ${ago(ended)} ago`;
  const where = place ? ` at ${visible(shortened(place.file))}:${place.line}:${place.column}` : "";
  return `task ${id} ${who} panicked${when}${where}${message ? `: ${visible(message)}` : ""}`;
}
