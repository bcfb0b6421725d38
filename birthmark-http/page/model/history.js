// The last minutes: how many tasks of each group were alive, and how many were spawned and polled.

import { BY_AWAIT, grouping } from "./grouping.js";

/** The most moments that are kept: five minutes, if a dump is read every two seconds. */
const MOMENTS = 150;

/** The most groups of which the past is kept. */
const MOST_GROUPS = 5000;

export class History {
  /** @type {import("../model/snapshot.js").Snapshot | null} */
  #last = null;
  /** @type {number[]} */
  #times = [];
  /**
   * The series of each grouping that was shown so far.
   * @type {Map<string, Map<string, import("../types").Series>>}
   */
  #groupings = new Map([[BY_AWAIT, new Map()]]);

  /**
   * Keeps a moment. A dump of some tasks only is no moment.
   * @param {import("../model/snapshot.js").Snapshot} snapshot
   */
  add(snapshot) {
    if (snapshot.head.filter) return;
    if (this.#last?.head.pid !== snapshot.head.pid) this.#clear();
    this.#times.push(snapshot.head.time_unix_ms);
    for (const [by, all] of this.#groupings) this.#addTo(all, grouping(by), snapshot);
    if (this.#times.length > MOMENTS) this.#forget();
    this.#last = snapshot;
  }

  /**
   * Returns the past of a group, which begins to be kept when its grouping is asked for.
   * @param {string} by
   * @param {string} key
   * @returns {import("../types").Series | undefined}
   */
  of(by, key) {
    if (!this.#groupings.has(by)) this.#groupings.set(by, new Map());
    return this.#groupings.get(by).get(key);
  }

  /** The milliseconds between the first moment and the last. */
  get span() {
    return this.#times.length < 2 ? 0 : this.#times.at(-1) - this.#times[0];
  }

  #clear() {
    this.#times = [];
    for (const all of this.#groupings.values()) all.clear();
    this.#last = null;
  }

  /** Forgets the first moment, and the groups that have had no task since. */
  #forget() {
    this.#times.shift();
    for (const all of this.#groupings.values()) {
      for (const [key, series] of all) {
        if (series.live.length > this.#times.length) series.live.shift();
        if (series.live.every((live) => live === 0)) all.delete(key);
      }
    }
  }

  /**
   * @param {Map<string, import("../types").Series>} all
   * @param {import("../types").Grouping} by
   * @param {import("../model/snapshot.js").Snapshot} snapshot
   */
  #addTo(all, by, snapshot) {
    const seconds = this.#last ? (snapshot.head.time_unix_ms - this.#last.head.time_unix_ms) / 1000 : 0;
    const now = livePolls(by, snapshot, this.#last);
    for (const key of now.keys()) {
      if (!all.has(key) && all.size < MOST_GROUPS) all.set(key, { live: Array(this.#times.length - 1).fill(0) });
    }
    const spawns = seconds > 0 && by.ofSites ? spawned(by, snapshot, this.#last) : undefined;
    for (const [key, series] of all) {
      const { live = 0, polls = null } = now.get(key) ?? {};
      series.live.push(live);
      series.spawns = spawns ? (spawns.get(key) ?? 0) / seconds : undefined;
      series.polls = seconds > 0 && polls !== null ? polls / seconds : undefined;
    }
  }
}

/**
 * Counts the tasks of each group, and the polls of those that are alive since `before`. The polls are `null` if not all
 * tasks were read.
 * @param {import("../types").Grouping} by
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 * @param {import("../model/snapshot.js").Snapshot | null} before
 * @returns {Map<string, { live: number, polls: number | null }>}
 */
function livePolls(by, snapshot, before) {
  /** @type {Map<string, { live: number, polls: number | null }>} */
  const all = new Map();
  const add = (key, live, polls) => {
    const known = all.get(key);
    if (!known) return void all.set(key, { live, polls });
    known.live += live;
    if (known.polls !== null) known.polls += polls;
  };
  if (snapshot.isCut) {
    if (by.ofSites) for (const group of snapshot.groups) add(by.keyOf(group, snapshot), group.count, null);
    return all;
  }
  // Both lists are sorted by id.
  const then = before && !before.isCut && !before.head.filter ? before.tasks : [];
  let place = 0;
  for (const task of snapshot.tasks) {
    while (then[place]?.id < task.id) place++;
    const polls = then[place]?.id === task.id ? then[place].polls : 0;
    add(by.keyOf(task, snapshot), 1, (task.polls ?? 0) - (polls ?? 0));
  }
  return all;
}

/**
 * Counts the tasks of each group that were spawned between two snapshots: those that are alive and those that have ended.
 * @param {import("../types").Grouping} by
 * @param {import("../model/snapshot.js").Snapshot} now
 * @param {import("../model/snapshot.js").Snapshot} before
 */
function spawned(by, now, before) {
  /** @type {Map<string, number>} */
  const then = new Map();
  for (const [at, spawned] of before.spawnedBySite()) then.set(at, spawned);
  /** @type {Map<string, number>} */
  const all = new Map();
  for (const [at, spawned, site] of now.spawnedBySite()) {
    const key = by.keyOfSite(site, at);
    all.set(key, (all.get(key) ?? 0) + Math.max(0, spawned - (then.get(at) ?? 0)));
  }
  return all;
}
