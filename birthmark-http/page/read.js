// Reads a dump while it arrives.

const TOKEN = new URLSearchParams(location.search).get("token");

/** More tasks than this are not read one by one. Another number may be asked for in the page's address. */
const MOST = Number(new URLSearchParams(location.search).get("most")) || 200_000;

/** What the program says instead of a dump. */
class Refusal extends Error {}

/** For how long work may go on before the page answers its reader again, in milliseconds. */
const SLICE = 12;

/** Takes a dump of the program, of what `query` selects, and returns it as a `Snapshot`. */
async function read(query, signal) {
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

/** Does `each` for all items, and lets the browser go on in between. */
async function inSlices(items, each) {
  for (const item of items) {
    each(item);
    if (performance.now() > inSlices.until) {
      await new Promise((done) => setTimeout(done));
      inSlices.until = performance.now() + SLICE;
    }
  }
}
inSlices.until = 0;

/** Understands the JSON of a dump line by line: there is one for each task, site and ancestor. */
class Parser {
  #head = {};
  #tables = {};
  #open = null;
  #ended = false;

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
