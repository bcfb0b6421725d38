// Stuck tasks: a paragraph for each finding, and the waits of one task.

import { visible } from "../model/text.js";
import { heldLines, waitLines } from "../model/waits.js";
import { button, classed, made, section } from "./elements.js";

/**
 * Fills the view of stuck tasks. `unknown` is the reason for which some waits are not known.
 * @param {HTMLElement} view
 * @param {import("../types").Finding[]} findings
 * @param {string | undefined} unknown
 * @param {import("../types").Follow} follow
 */
export function showFindings(view, findings, unknown, follow) {
  const items = findings.map((finding) => paragraph(finding, follow));
  if (items.length === 0) items.push(classed("p", "nothing", "Nothing is stuck, as far as it is known."));
  if (unknown) items.push(classed("p", "unknown", visible(unknown)));
  view.replaceChildren(...items);
}

/**
 * @param {import("../types").Finding} finding
 * @param {import("../types").Follow} follow
 */
function paragraph({ kind, certain, lines }, follow) {
  const box = classed("section", "finding", "");
  box.dataset.kind = kind;
  const [head, ...rest] = lines.map((line) => line.map((piece) => link(piece, follow)));
  const title = document.createElement("h3");
  title.append(...head);
  title.className = certain ? "certain" : "probable";
  box.append(title, ...rest.map((line) => lineOf(line)));
  return box;
}

/** @param {(string | HTMLElement)[]} pieces */
function lineOf(pieces) {
  const line = classed("p", "line", "");
  line.append(...pieces);
  return line;
}

/**
 * @param {string | { task: number, text: string }} piece
 * @param {import("../types").Follow} follow
 */
function link(piece, follow) {
  if (typeof piece === "string") return visible(piece);
  return button(visible(piece.text), () => follow.task(piece.task), "link");
}

/**
 * Returns the sections of a task: what it waits for, and what it holds.
 * @param {import("../types").Waiting} task
 * @param {(id: number) => string} called
 * @param {import("../types").Follow} follow
 */
export function waitSections(task, called, follow) {
  const item = (line) => {
    const element = made("li", "");
    for (const piece of line) {
      if (typeof piece === "number") element.append(button(called(piece), () => follow.task(piece), "link"));
      else element.append(visible(piece));
    }
    return element;
  };
  return [
    ...section("Waits for", waitLines(task).map(item), "waits"),
    ...section("Holds", heldLines(task).map(item), "holds"),
  ];
}
