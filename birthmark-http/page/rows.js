// Rows that are made when they are seen: of a hundred thousand tasks, some dozens.

/**
 * A row has a key that is its own from one moment to the next: for tasks the id, for others a text. It
 * gives a cell for each column, may stand for a task or for several `members`, and if it can be
 * unfolded has a `level`, so many `children`, and is `expanded` or not.
 */
class Rows {
  #items;
  #row;
  #key;

  /** `row` makes the row of an item, and `key` tells its key without making it. */
  constructor(items, row, key) {
    [this.#items, this.#row, this.#key] = [items, row, key];
  }

  get length() {
    return this.#items.length;
  }

  at(place) {
    return place in this.#items ? this.#row(this.#items[place]) : undefined;
  }

  /** The row of the first item for which `test` is true. */
  find(test) {
    const item = this.#items.find(test);
    return item && this.#row(item);
  }

  /** Where the row with this key is; -1 if there is none. */
  placeOf(key) {
    return this.#items.findIndex((item) => this.#key(item) === key);
  }
}
