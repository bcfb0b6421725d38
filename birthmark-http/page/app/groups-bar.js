// The bar above the groups, in which a reader chooses what tasks are grouped by.

import { grouping, groupingNames, usableGrouping } from "../model/grouping.js";
import { $, shown } from "./state.js";

/** @param {import("../model/snapshot.js").Snapshot | null} snapshot */
export function drawGroupsBar(snapshot) {
  $("groups-bar").hidden = shown.view !== "groups";
  if (!snapshot || shown.view !== "groups") return;
  const names = [...new Set([...groupingNames(snapshot), shown.by])];
  // The list stays as it is while somebody chooses from it.
  if ($("by").dataset.of !== names.join("\n")) {
    $("by").dataset.of = names.join("\n");
    $("by").replaceChildren(...names.map(option));
  }
  for (const option of $("by").options) option.disabled = usableGrouping(option.value, snapshot) !== option.value;
  $("by").value = shown.by;
}

/** @param {string} name */
function option(name) {
  const element = document.createElement("option");
  element.textContent = grouping(name).title;
  element.value = name;
  return element;
}
