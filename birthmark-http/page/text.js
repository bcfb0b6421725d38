// What people read.

/** A text from outside, with what would not be seen, or would turn the writing direction, made visible. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (character) =>
    `\\u{${character.codePointAt(0).toString(16)}}`);
}

const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"]];

/** `0.3 s`, `12.3 s`, `2 min`, `3 h`, `4 d`; empty where it is not known. */
function ago(millis) {
  if (millis == null) return "";
  const seconds = millis / 1000;
  const [unit, name] = UNITS.find(([unit]) => seconds >= unit) ?? [];
  return name ? `${Math.floor(seconds / unit)} ${name}` : `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
}

/** `0.03 s`; empty where it is not known. */
const seconds = (millis) => (millis == null ? "" : `${(millis / 1000).toFixed(2)} s`);
const count = (number) => number.toLocaleString("en");
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
const signed = (number) => (number > 0 ? `+${count(number)}` : count(number).replace("-", "−"));
const timeOf = ({ head }) => new Date(head.time_unix_ms).toLocaleTimeString();
