// What tasks may be grouped by.

import { visible } from "./text.js";

/** The label groupings begin with this, and the key of the label follows. */
const LABEL = "label:";

/**
 * Returns the crate that spawned a task; an empty text for threads without a site.
 * @param {import("../types").Described} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export const crateOf = (task, snapshot) => crateOfSite(snapshot.tables.sites[task.site]);

/** @param {import("../types").Site | undefined} site */
const crateOfSite = (site) => site?.module.split("::")[0] ?? "";

/**
 * Returns a key that the tasks of one site share.
 * @param {import("../types").Described} task
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export const siteKey = (task, snapshot) => `${snapshot.at(task)}\n${task.role}`;

/** The grouping that is used at first. */
export const BY_AWAIT = "await";

/**
 * The groupings that need no label.
 * @type {Record<string, import("../types").Grouping>}
 */
const GROUPINGS = {
  [BY_AWAIT]: {
    title: "Site, state and await", ofSites: true, showsRole: true, keyOf: siteKey, keyOfSite: ({ role }, at) => `${at}\n${role}`,
    search: (task, snapshot) => (snapshot.at(task) ? `site:${snapshot.at(task)} role:"${task.role}"` : `role:"${task.role}"`),
  },
  site: {
    title: "Site", ofSites: true, showsRole: true, keyOf: (task, snapshot) => snapshot.at(task) || task.role, keyOfSite: (_, at) => at,
    search: (task, snapshot) => (snapshot.at(task) ? `site:${snapshot.at(task)}` : `role:"${task.role}"`),
  },
  role: {
    title: "Role", ofSites: true, showsRole: true, keyOf: ({ role }) => role, keyOfSite: ({ role }) => role,
    search: ({ role }) => `role:"${role}"`,
  },
  crate: {
    title: "Crate", ofSites: true, keyOf: crateOf, keyOfSite: crateOfSite,
    search: (task, snapshot) => crateOf(task, snapshot) && `crate:${crateOf(task, snapshot)}`,
  },
  name: {
    title: "Name", ofSites: false, keyOf: ({ name }) => name ?? "",
    search: ({ name }) => name && `name:"${name}"`,
  },
};

/**
 * Returns a grouping by its name in the address, or `undefined` if there is none of that name.
 * @param {string} name
 * @returns {import("../types").Grouping | undefined}
 */
export function grouping(name) {
  if (Object.hasOwn(GROUPINGS, name)) return GROUPINGS[name];
  if (!name.startsWith(LABEL)) return undefined;
  const key = name.slice(LABEL.length);
  const keyOf = (task) => task.labels?.[key] ?? "";
  return { title: `Label ${visible(key)}`, ofSites: false, keyOf, search: (task) => keyOf(task) && `label:"${key}=${keyOf(task)}"` };
}

/**
 * Returns the name of the grouping, or of the first one if the grouping needs more than the snapshot has: labels and names
 * of tasks that were not read.
 * @param {string} name
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export function usableGrouping(name, snapshot) {
  const known = grouping(name);
  return known && (known.ofSites || !snapshot.isCut) ? name : BY_AWAIT;
}

/** The most keys of labels that are offered. */
const MOST_LABELS = 20;

/**
 * Returns the names of all groupings that a snapshot has.
 * @param {import("../model/snapshot.js").Snapshot} snapshot
 */
export function groupingNames(snapshot) {
  return [...Object.keys(GROUPINGS), ...snapshot.labelKeys(MOST_LABELS).map((key) => LABEL + key)];
}
