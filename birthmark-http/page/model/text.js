// Texts for people: times, numbers, and names that come from the program.

/**
 * Returns a text with each character escaped that cannot be seen or changes the direction of writing.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (character) =>
    `\\u{${character.codePointAt(0).toString(16)}}`);
}

/** @type {[seconds: number, name: string][]} */
const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"]];

/**
 * Returns a time such as `0.3 s`, `12.3 s`, `2 min`, `3 h` or `4 d`; an empty text if the time is not known.
 * @param {number | null | undefined} millis
 */
export function ago(millis) {
  if (millis == null) return "";
  const seconds = millis / 1000;
  const [unit, name] = UNITS.find(([unit]) => seconds >= unit) ?? [];
  return name ? `${Math.floor(seconds / unit)} ${name}` : `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
}

/**
 * Returns a time such as `0.03 s`; an empty text if the time is not known.
 * @param {number | null | undefined} millis
 */
export const seconds = (millis) => (millis == null ? "" : `${(millis / 1000).toFixed(2)} s`);

/**
 * Returns a time such as `12.3 µs`, `1.52 ms` or `3.20 s`.
 * @param {number} nanos
 */
export function exact(nanos) {
  if (nanos < 1e6) return `${(nanos / 1e3).toFixed(1)} µs`;
  return nanos < 1e9 ? `${(nanos / 1e6).toFixed(2)} ms` : `${(nanos / 1e9).toFixed(2)} s`;
}

/**
 * Returns a number per second such as `0.5` or `1,204`; an empty text if it is not known.
 * @param {number | undefined} number
 */
export const rate = (number) => (number === undefined ? "" : number === 0 || number >= 10 ? count(Math.round(number)) : number.toFixed(1));

/** @param {number} number */
export const count = (number) => number.toLocaleString("en");

/**
 * @param {number} number
 * @param {string} word
 */
export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

/** @param {number} number */
export const signed = (number) => (number > 0 ? `+${count(number)}` : count(number).replace("-", "−"));

/** @param {import("../model/snapshot.js").Snapshot} snapshot */
export const timeOf = ({ head }) => new Date(head.time_unix_ms).toLocaleTimeString();

/**
 * Returns a path without the prefixes of std and of cargo's registry.
 * @param {string} path
 */
export const shortened = (path) => path.replace(/^\/rustc\/[0-9a-f]{40}\/library\/|^.*\/registry\/src\/[^/]+\//, "");
