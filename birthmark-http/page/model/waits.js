// What a task waits for and what it holds, as pieces of a line: texts, and ids of tasks.

/**
 * How a task keeps another one waiting.
 * @type {Record<string, string>}
 */
const REASONS = {
  "holds": "held by", "holds-shared": "held by", "was-given": "given to", "is-queued-before": "queued behind",
  "receives": "whose messages are received by", "sends": "whose messages are sent by", "is-awaited": "which is",
};

/**
 * Returns a line for each thing that a task waits for: `["a mutex, held by ", 5, " (`guard` in load)"]`.
 * @param {import("../types").Waiting} task
 * @returns {import("../types").Linked[]}
 */
export function waitLines({ waits = [] }) {
  return waits.map(({ thing, needs = [], needs_more: more = 0 }) => {
    const tasks = needs.flatMap((need, place) => [before(need, place), need.task, need.value ? ` (${need.value})` : ""]);
    return [thing, ...tasks, more > 0 ? ` and ${more} more` : ""].filter((piece) => piece !== "");
  });
}

/**
 * Returns the text before a task: the reason, unless it is that of the task before.
 * @param {import("../types").Need} need
 * @param {number} place
 */
function before({ reason, certain }, place) {
  if (place > 0) return ", ";
  const isHold = reason.startsWith("holds") || reason === "was-given" || reason === "is-queued-before";
  return `, ${certain || !isHold ? "" : "probably "}${REASONS[reason] ?? reason} `;
}

/**
 * Returns a line for each thing that a task holds and others wait for.
 * @param {import("../types").Waiting} task
 * @returns {import("../types").Linked[]}
 */
export function heldLines({ holds = [] }) {
  return holds.map(({ thing, certain, waiters, value }) => {
    const wait = waiters === 1 ? "1 task waits" : `${waiters} tasks wait`;
    return [`${certain ? "" : "probably "}${thing} (${value}): ${wait} for it`];
  });
}

/**
 * Returns the findings about one of the selected tasks.
 * @param {import("../types").Finding[]} findings
 * @param {import("../types").Task[]} tasks
 */
export function findingsOf(findings, tasks) {
  const ids = new Set(tasks.map((task) => task.id));
  return findings.filter((finding) => finding.tasks.some((id) => ids.has(id)));
}
