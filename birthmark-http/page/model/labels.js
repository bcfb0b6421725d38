// The labels of a task.

import { visible } from "./text.js";

/**
 * Returns each label as `key=value`.
 * @param {import("../types").Task} task
 */
export const labels = (task) => Object.entries(task.labels ?? {}).map(([key, value]) => `${key}=${value}`);

/** @param {import("../types").Task} task */
export const labelText = (task) => labels(task).map(visible).join(" ");
