// A small line chart without axes.

/** The size of the drawing, in its own units. */
const [WIDTH, HEIGHT] = [100, 20];

/**
 * Returns a line through numbers, of which the largest is at the top and zero at the bottom.
 * @param {number[]} numbers
 * @returns {Node}
 */
export function sparkline(numbers) {
  const most = Math.max(...numbers, 1);
  // One number is a level line.
  const [first = 0, ...others] = numbers.length === 1 ? [numbers[0], numbers[0]] : numbers;
  const y = (number) => (HEIGHT - 1 - (number / most) * (HEIGHT - 2)).toFixed(1);
  const x = (place) => ((place / others.length) * WIDTH).toFixed(1);
  const line = [first, ...others].map((number, place) => `${x(place)},${y(number)}`).join(" ");
  const chart = /** @type {Element} */ (template().cloneNode(true));
  chart.querySelector("polyline").setAttribute("points", line);
  chart.querySelector("polygon").setAttribute("points", `0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`);
  return chart;
}

/** Returns the drawing without points, which the page has. */
const template = () => /** @type {HTMLTemplateElement} */ (document.getElementById("spark")).content.firstElementChild;
