// A list of any length: only rows in sight have elements.

import { Rows } from "../model/rows.js";
import { DEEPEST, cell } from "./cells.js";

/** The most rows that a browser can lay out, because it bounds the height of an element. */
export const MAX_ROWS = 500_000;

/** Rows beyond the edges, so that fast scrolling shows no gap. */
const MARGIN = 8;

export class List {
  #grid;
  #scroll;
  #space;
  #columns = [];
  #rows = new Rows([]);
  #elements = [];
  #selected = null;
  #drawn = false;
  /** @type {(row: import("../types").Row) => void} */
  onOpen = () => {};
  /** @type {(row: import("../types").Row) => void} */
  onToggle = () => {};
  /** @type {(id: number) => void} */
  onFollow = () => {};
  /** @type {(row: import("../types").Row | undefined) => void} */
  onSelect = () => {};

  constructor(grid, scroll, space) {
    [this.#grid, this.#scroll, this.#space] = [grid, scroll, space];
    scroll.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    new ResizeObserver(() => this.#drawSoon()).observe(scroll);
    space.addEventListener("click", (event) => this.#click(event));
  }

  get selected() {
    return this.#rows.at(this.#place());
  }

  /** The number of rows that can be shown. */
  get length() {
    return Math.min(this.#rows.length, MAX_ROWS);
  }

  /**
   * Shows other rows. The selected row stays selected if it is among them.
   * @param {import("../model/rows.js").Rows} rows
   * @param {string[]} columns
   */
  show(rows, columns) {
    this.#columns = columns;
    this.#rows = rows;
    this.#grid.setAttribute("aria-rowcount", rows.length + 1);
    this.#grid.setAttribute("aria-colcount", columns.length);
    this.#drawSoon();
  }

  /**
   * Shows the same rows with other columns.
   * @param {string[]} columns
   */
  reshape(columns) {
    this.#columns = columns;
    this.#drawSoon();
  }

  select(key, { scroll = true } = {}) {
    this.#selected = key;
    if (scroll) this.#reveal(this.#place());
    this.onSelect(this.selected);
    this.#drawSoon();
  }

  /**
   * Moves the selection by a number of rows.
   * @param {number} by
   */
  move(by) {
    const from = this.#place();
    const to = from < 0 ? 0 : from + by;
    this.moveTo(Math.max(0, Math.min(this.length - 1, to)));
  }

  moveTo(place) {
    const row = this.#rows.at(place);
    if (row) this.select(row.key);
  }

  /** The number of rows in sight. */
  get page() {
    return Math.max(1, Math.floor(this.#scroll.clientHeight / this.#height) - 1);
  }

  /** Returns the parent of the selected row. */
  above() {
    const place = this.#place();
    const level = this.#rows.at(place)?.level;
    for (let i = place - 1; i >= 0; i--) {
      const row = this.#rows.at(i);
      if (row.level < level) return row;
    }
    return undefined;
  }

  find(key) {
    return this.#rows.at(this.#rows.placeOf(key));
  }

  /**
   * Returns the fold that has a member with this key.
   * @param {import("../types").Key} key
   */
  findFold(key) {
    return this.#rows.find(({ members }) => members?.some(({ id }) => id === key));
  }

  /** Returns the index of the selected row; -1 if there is none. */
  #place() {
    return this.#selected === null ? -1 : this.#rows.placeOf(this.#selected);
  }

  get #height() {
    return parseInt(getComputedStyle(this.#grid).getPropertyValue("--row"), 10);
  }

  #reveal(place) {
    if (place < 0) return;
    const [top, height, seen] = [place * this.#height, this.#height, this.#scroll.clientHeight];
    if (top < this.#scroll.scrollTop) this.#scroll.scrollTop = top;
    else if (top + height > this.#scroll.scrollTop + seen) this.#scroll.scrollTop = top + height - seen;
  }

  #drawSoon() {
    if (this.#drawn) return;
    this.#drawn = true;
    requestAnimationFrame(() => {
      this.#drawn = false;
      this.#draw();
    });
  }

  #draw() {
    const height = this.#height;
    this.#space.style.height = `${this.length * height}px`;
    const first = Math.max(0, Math.floor(this.#scroll.scrollTop / height) - MARGIN);
    const seen = Math.ceil(this.#scroll.clientHeight / height) + 2 * MARGIN;
    const shown = Math.min(seen, this.length - first);
    const selected = this.#place();
    while (this.#elements.length < shown) this.#elements.push(this.#add());
    this.#elements.forEach((element, i) => {
      element.hidden = i >= shown;
      if (i < shown) this.#fill(element, first + i, height, first + i === selected);
    });
    this.#grid.setAttribute("aria-activedescendant", selected < 0 ? "" : `row-${selected}`);
  }

  #add() {
    const element = document.createElement("div");
    element.setAttribute("role", "row");
    this.#space.append(element);
    return element;
  }

  #fill(element, place, height, selected) {
    const row = this.#rows.at(place);
    element.id = `row-${place}`;
    element.dataset.place = place;
    element.className = `row ${row.className ?? ""}`;
    element.style.transform = `translateY(${place * height}px)`;
    element.setAttribute("aria-rowindex", place + 2);
    element.setAttribute("aria-selected", selected);
    element.style.setProperty("--depth", Math.min((row.level ?? 1) - 1, DEEPEST));
    attribute(element, "aria-level", row.level);
    attribute(element, "aria-expanded", row.children ? row.expanded : undefined);
    element.replaceChildren(...this.#columns.map((column) => cell(row, column)));
  }

  #click(event) {
    const element = event.target.closest(".row");
    const row = element && this.#rows.at(Number(element.dataset.place));
    if (!row) return;
    this.select(row.key, { scroll: false });
    const { task } = event.target.dataset;
    if (task) this.onFollow(Number(task));
    else if (event.target.closest(".twisty")) this.onToggle(row);
    else this.onOpen(row);
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {any} value
 */
function attribute(element, name, value) {
  if (value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value);
}
