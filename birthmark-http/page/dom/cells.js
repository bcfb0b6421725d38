// The elements of a cell.

import { COLUMNS } from "../model/columns.js";
import { classed } from "./elements.js";
import { sparkline } from "./sparkline.js";

/** The kinds of cells that are often cut off, or that are no text. */
const TITLED = ["place", "trend"];

/**
 * Returns a cell. Pieces are inserted as text, so a name cannot become markup.
 * @param {import("../types").Row} row
 * @param {string} column
 */
export function cell(row, column) {
  const element = document.createElement("div");
  element.setAttribute("role", "gridcell");
  element.className = COLUMNS[column].kind;
  element.dataset.column = column;
  if (row.level && COLUMNS[column].kind === "who") element.append(indent(row));
  const pieces = row.cell(column);
  if (COLUMNS[column].kind === "trend" && row.trend) element.append(sparkline(row.trend), classed("span", "unseen", String(pieces[0][1])));
  else if (COLUMNS[column].kind === "site") element.append(...pathPieces(String(pieces[0][1]), element));
  else element.append(...pieces.filter(([, text]) => text !== "").map(piece));
  if (TITLED.includes(COLUMNS[column].kind) || row.group) element.title = pieces.map(([, text]) => text).join(" ");
  if (row.task && COLUMNS[column].note) element.title = COLUMNS[column].note(row.task);
  return element;
}

/** @param {import("../types").Piece} piece */
function piece([className, text, task]) {
  const element = document.createElement("bdi");
  element.className = className;
  element.textContent = String(text);
  if (task) element.dataset.task = String(task);
  return element;
}

/**
 * Returns a path in pieces. A cell shows as many of the last pieces as fit. The element's title has the whole path.
 * @param {string} path
 * @param {HTMLElement} element
 */
function pathPieces(path, element) {
  element.title = path;
  return (path.match(/[^/]*\/|[^/]+$/g) ?? []).map((part, i) => {
    const element = piece(["", part]);
    // The layout goes from the last piece to the first, the text from the first to the last.
    element.style.order = String(-i);
    return element;
  });
}

/** The deepest level that is indented further, because a deeper one would leave no room for text. */
export const DEEPEST = 24;

/** @param {import("../types").Row} row */
function indent(row) {
  const twisty = document.createElement("span");
  twisty.className = "twisty";
  twisty.textContent = row.children ? (row.expanded ? "▾" : "▸") : "";
  return twisty;
}
