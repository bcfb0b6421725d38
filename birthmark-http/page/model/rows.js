// Rows that are made when they come into sight: of a hundred thousand tasks, some dozens.

/** A list of rows. Each item becomes a row only if somebody reads that row. */
export class Rows {
  #items;
  #row;
  #key;

  /**
   * `row` makes the row of an item. `key` returns the row's key without making the row.
   * @param {any[]} items
   * @param {(item: any) => import("../types").Row} [row]
   * @param {(item: any) => import("../types").Key} [key]
   */
  constructor(items, row, key) {
    [this.#items, this.#row, this.#key] = [items, row, key];
  }

  get length() {
    return this.#items.length;
  }

  /**
   * @param {number} place
   * @returns {import("../types").Row | undefined}
   */
  at(place) {
    return place in this.#items ? this.#row(this.#items[place]) : undefined;
  }

  /**
   * Returns the row of the first item for which `test` is true.
   * @param {(item: any) => boolean} test
   */
  find(test) {
    const item = this.#items.find(test);
    return item && this.#row(item);
  }

  /**
   * Returns the index of the row with this key; -1 if there is none.
   * @param {import("../types").Key} key
   */
  placeOf(key) {
    return this.#items.findIndex((item) => this.#key(item) === key);
  }
}
