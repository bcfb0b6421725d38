// Reading a dump over HTTP.

import { Parser } from "../model/parser.js";

const TOKEN = new URLSearchParams(location.search).get("token");

/** The most tasks that are read one by one. The page's address may have another number. */
export const MAX_TASKS = Number(new URLSearchParams(location.search).get("limit")) || 200_000;

/** The program's answer if it refuses a dump. */
export class Refusal extends Error {}

/** The longest time for which the page may be busy without a pause, in milliseconds. */
const SLICE = 12;

/**
 * Reads a dump of the tasks that `query` selects.
 * @param {string} query
 * @param {AbortSignal} signal
 */
export async function read(query, signal) {
  const headers = TOKEN ? { Authorization: `Bearer ${TOKEN}` } : {};
  const response = await fetch(`json?${query}`, { headers, signal, cache: "no-store" });
  if (!response.ok) throw new Refusal((await response.text()).trim() || `HTTP ${response.status}`);
  const parser = new Parser();
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop();
    await inSlices(lines, (line) => parser.line(line));
  }
  return parser.finish();
}

/** The time at which the current slice of work ends. */
let sliceEnd = 0;

/**
 * Calls `each` for all items, and lets the browser work in between.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => void} each
 */
async function inSlices(items, each) {
  for (const item of items) {
    each(item);
    if (performance.now() > sliceEnd) {
      await new Promise((done) => setTimeout(done));
      sliceEnd = performance.now() + SLICE;
    }
  }
}

// The libraries of older compilers do not declare the two functions.
const Signal = /** @type {any} */ (AbortSignal);

/**
 * Returns a signal that aborts after a time.
 * @param {number} millis
 * @returns {AbortSignal}
 */
export const timeout = (millis) => Signal.timeout(millis);

/**
 * Returns a signal that aborts as soon as one of `signals` does.
 * @param {AbortSignal[]} signals
 * @returns {AbortSignal}
 */
export const anyOf = (...signals) => Signal.any(signals);
