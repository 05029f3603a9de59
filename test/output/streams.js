import { PassThrough } from "node:stream";
import { openOutput } from "../../src/output/open.js";
/** A stream that keeps what was written; with columns it says that it is a terminal, and obeys ora as one does. */
export class Screen extends PassThrough {
  isTTY;
  columns;
  #text = "";
  constructor(columns) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 0;
    this.on("data", (chunk) => (this.#text += chunk.toString("utf8")));
  }
  get text() {
    return this.#text;
  }
  cursorTo() {
    return true;
  }
  moveCursor() {
    return true;
  }
  clearLine() {
    return true;
  }
}
/** Somebody at a keyboard; `columns` makes the keyboard a terminal. */
export class Keyboard extends PassThrough {
  isTTY;
  constructor(isTTY) {
    super();
    this.isTTY = isTTY;
  }
}
const utf8 = { LANG: "en_US.UTF-8" };
/** A person before a terminal of so many columns. */
export function atTerminal(columns, options = {}) {
  return stage(new Keyboard(true), new Screen(columns), new Screen(columns), options);
}
/** A script: no stream is a terminal. */
export function inPipe(options = {}) {
  return stage(new Keyboard(false), new Screen(), new Screen(), options);
}
export async function stage(stdin, stdout, stderr, options = {}) {
  const defaults = { env: utf8, format: "auto", color: undefined, quiet: false };
  return {
    stdin,
    stdout,
    stderr,
    output: await openOutput({ ...defaults, stdin, stdout, stderr, ...options }),
  };
}
export const columns = [
  { title: "Id", value: (fact) => String(fact.id), align: "right" },
  { title: "Bot", value: (fact) => fact.bot },
  {
    title: "Paid amount",
    value: (fact) => fact.amount,
    shown: (fact) => (fact.amount === null ? "–" : `BRL ${fact.amount}`),
    align: "right",
  },
  {
    title: "Why",
    value: (fact) => fact.why,
    flexible: true,
    tone: (fact) => (fact.why === "" ? undefined : "dim"),
  },
];
export function reportOf(rows) {
  return {
    columns,
    rows,
    document: () => ({ version: 1, sales: rows }),
    *lines() {
      yield* rows;
      yield { total: rows.length };
    },
  };
}
export const maria = { id: 9445, bot: "Maria", amount: "97.00", why: "no trace of its task" };
export const joao = { id: 7, bot: "João", amount: null, why: "" };
/** Columns that a terminal uses for a line, counted independently of the product: wide characters and emoji take two. */
export function widthOf(line) {
  // oxlint-disable-next-line no-control-regex
  const bare = line.replace(/\u001b\[[\d;]*m/g, "");
  return [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(bare)].reduce(
    (width, { segment }) =>
      width +
      (/^[\p{Emoji_Presentation}\u3040-\u9fff\uac00-\ud7a3\uff01-\uff60]|\ufe0f/u.test(segment) ? 2 : 1),
    0,
  );
}
