import { PassThrough } from "node:stream";
import type { Column, Report } from "../../src/context.js";
import { openOutput, type OpenedOutput, type OutputOptions } from "../../src/output/open.js";

/** A stream that keeps what was written; with columns it says that it is a terminal, and obeys ora as one does. */
export class Screen extends PassThrough {
  readonly isTTY: boolean;
  readonly columns: number;
  #text = "";

  constructor(columns?: number) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 0;
    this.on("data", (chunk: Buffer) => (this.#text += chunk.toString("utf8")));
  }

  get text(): string {
    return this.#text;
  }

  cursorTo(): boolean {
    return true;
  }

  moveCursor(): boolean {
    return true;
  }

  clearLine(): boolean {
    return true;
  }
}

/** Somebody at a keyboard; `columns` makes the keyboard a terminal. */
export class Keyboard extends PassThrough {
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
}

export interface Stage {
  readonly stdin: Keyboard;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly output: OpenedOutput;
}

const utf8 = { LANG: "en_US.UTF-8" };

/** A person before a terminal of so many columns. */
export function atTerminal(columns: number, options: Partial<OutputOptions> = {}): Promise<Stage> {
  return stage(new Keyboard(true), new Screen(columns), new Screen(columns), options);
}

/** A script: no stream is a terminal. */
export function inPipe(options: Partial<OutputOptions> = {}): Promise<Stage> {
  return stage(new Keyboard(false), new Screen(), new Screen(), options);
}

export async function stage(
  stdin: Keyboard,
  stdout: Screen,
  stderr: Screen,
  options: Partial<OutputOptions> = {},
): Promise<Stage> {
  const defaults = { env: utf8, format: "auto", color: undefined, quiet: false } as const;
  return {
    stdin,
    stdout,
    stderr,
    output: await openOutput({ ...defaults, stdin, stdout, stderr, ...options }),
  };
}

/** A row of the reports that these tests print. */
export interface Fact {
  readonly id: number;
  readonly bot: string;
  readonly amount: string | null;
  readonly why: string;
}

export const columns: readonly Column<Fact>[] = [
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

export function reportOf(rows: readonly Fact[]): Report<Fact> {
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

export const maria: Fact = { id: 9445, bot: "Maria", amount: "97.00", why: "no trace of its task" };
export const joao: Fact = { id: 7, bot: "João", amount: null, why: "" };

/** Columns that a terminal uses for a line, counted independently of the product: wide characters and emoji take two. */
export function widthOf(line: string): number {
  // oxlint-disable-next-line no-control-regex
  const bare = line.replace(/\u001b\[[\d;]*m/g, "");
  return [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(bare)].reduce(
    (width, { segment }) =>
      width +
      (/^[\p{Emoji_Presentation}\u3040-\u9fff\uac00-\ud7a3\uff01-\uff60]|\ufe0f/u.test(segment) ? 2 : 1),
    0,
  );
}
