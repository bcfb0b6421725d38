// The parser of a dump's JSON, which reads it while it arrives.

import { Snapshot } from "./snapshot.js";

/** Parses the JSON of a dump line by line. Each task, site and ancestor has a line of its own. */
export class Parser {
  /** @type {any} */
  #head = {};
  /** @type {any} */
  #tables = {};
  /** @type {any[] | null} */
  #open = null;
  #ended = false;

  /** @param {string} line */
  line(line) {
    if (line.startsWith("]")) {
      this.#open = null;
      this.#ended = line === "]}";
    } else if (this.#open) {
      this.#open.push(JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line));
    } else if (line.endsWith(":[")) {
      this.#open = this.#tables[JSON.parse(line.slice(0, -2))] = [];
    } else {
      Object.assign(this.#head, JSON.parse(`{${line.replace(/^\{|,$/g, "")}}`));
    }
  }

  finish() {
    if (!this.#ended) throw new Error("the dump broke off");
    return new Snapshot(this.#head, this.#tables);
  }
}
