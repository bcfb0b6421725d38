// Elements that several parts of the page are made of.

/**
 * @param {string} title
 * @param {import("../types").Follow} follow
 */
export function heading(title, follow) {
  const head = classed("div", "head", made("h2", title));
  head.append(button("Close", () => follow.close(), "close"));
  return head;
}

/**
 * Returns a list of names and values, without empty values.
 * @param {Record<string, any>} entries
 */
export function facts(entries) {
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(entries)) {
    if (value || value === 0) list.append(made("dt", name), made("dd", value));
  }
  return list;
}

/**
 * Returns a heading and a list, or nothing if there are no items.
 * @param {string} title
 * @param {HTMLElement[]} items
 * @param {string} [className]
 * @returns {HTMLElement[]}
 */
export function section(title, items, className = "") {
  if (items.length === 0) return [];
  const list = classed("ol", className, "");
  list.append(...items);
  return [made("h3", title), list];
}

/**
 * @param {string} text
 * @param {() => void} [action]
 * @param {string} [className]
 */
export function button(text, action = undefined, className = "") {
  const element = classed("button", className, text);
  element.type = "button";
  if (action) element.addEventListener("click", action);
  return element;
}

/**
 * Returns a position in the source, which a click copies.
 * @param {string} at
 * @param {import("../types").Follow} follow
 */
export function copied(at, follow) {
  const element = button(at, () => follow.copy(at, element), "copy");
  element.title = "Copy";
  return element;
}

/** @param {string | HTMLElement} text */
export const code = (text) => made("code", text);

/**
 * Returns an element that contains a text or another element.
 * @param {string} tag
 * @param {string | HTMLElement} content
 */
export function made(tag, content) {
  const element = document.createElement(tag);
  element.append(content);
  return element;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string | HTMLElement} content
 * @returns {any}
 */
export function classed(tag, className, content) {
  const element = made(tag, content);
  element.className = className;
  return element;
}
