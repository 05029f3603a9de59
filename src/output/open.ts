import { held } from "../held.js";
import type { List, Output, Page, Picture, Progress, Report, Tone, Watching } from "../context.js";
import { summaryDocument } from "../sales/summary-json.js";
import { isUneventful, summaryLine } from "../sales/summary-words.js";
import type { RunSummary } from "../sales/summary.js";
import { ask } from "./ask.js";
import { chartLines } from "./chart.js";
import { csvLines } from "./csv.js";
import { loadPaint, showsUnicode, wantsColor, type Paint } from "./color.js";
import { frame, showAgain } from "./frame.js";
import { levelOf, logLine, type Level, type LogFrame } from "./log.js";
import { writeList } from "./list.js";
import { documentText, jsonLines, tsvLines } from "./machine.js";
import { pageColumns, pageLines, pageRows } from "./page.js";
import { watchPipe, writeLines, writeText, type Pipe, type Sink } from "./pipe.js";
import { noProgress, startSpinner } from "./spinner.js";
import { tableLines, type Canvas } from "./table.js";
import { safeLine, safeLines } from "./visible.js";

/** How the report is written: `auto` is a table for a terminal and TSV for anything else. */
export type Format = "auto" | "json" | "jsonl" | "tsv" | "csv";

/** Everything that the output depends on, as values. */
export interface OutputOptions {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly format: Format;
  /** `--color` or `--no-color`; undefined where neither was given. */
  readonly color: boolean | undefined;
  readonly quiet: boolean;
  /** With `--log-format json`: every line on stderr is one JSON object. */
  readonly log?: LogFrame | null;
  /** Answers an open question with no. */
  readonly signal?: AbortSignal;
}

/** The output and its end: `close` stops a spinner that a failed command left turning, which would keep the process alive. */
export interface OpenedOutput extends Output {
  close(): void;
}

/** Opens the only way to the user. Asynchronous, because chalk is loaded where a stream is coloured, and only there. */
export async function openOutput(options: OutputOptions): Promise<OpenedOutput> {
  const [paintOut, paintErr] = await Promise.all([
    loadPaint(wantsColor(options.stdout, options)),
    loadPaint(wantsColor(options.stderr, options)),
  ]);
  return new StreamOutput(options, paintOut, paintErr);
}

class StreamOutput implements OpenedOutput {
  readonly canAsk: boolean;
  readonly forPeople: boolean;
  readonly #options: OutputOptions;
  readonly #out: Pipe;
  readonly #err: Pipe;
  readonly #paintOut: Paint;
  readonly #paintErr: Paint;
  #spinner: Progress = noProgress;
  /** While pictures are drawn in place, warnings are part of the next one: it would be drawn over them. */
  #held: string[] | null = null;

  constructor(options: OutputOptions, paintOut: Paint, paintErr: Paint) {
    const { stdin, stdout, stderr, format } = options;
    this.#options = options;
    this.#out = watchPipe(stdout);
    this.#err = watchPipe(stderr);
    this.#paintOut = paintOut;
    this.#paintErr = paintErr;
    this.canAsk = format === "auto" && !options.log && stdin.isTTY === true && stderr.isTTY === true;
    this.forPeople = format === "auto" && stdout.isTTY === true;
  }

  async report<Row>(report: Report<Row>): Promise<void> {
    this.close();
    const { format, stdout } = this.#options;
    if (format === "json") return writeText(this.#out, documentText(report.document()));
    if (format === "jsonl") return writeLines(this.#out, jsonLines(report.lines()));
    if (format === "csv") return writeLines(this.#out, csvLines(report));
    if (!this.forPeople) return writeLines(this.#out, tsvLines(report));
    await writeLines(
      this.#out,
      await tableLines(report.columns, report.rows, this.#canvas(stdout, this.#paintOut)),
    );
  }

  async list<Row>(list: List<Row>): Promise<boolean> {
    this.close();
    const { format, stdout } = this.#options;
    const way = format === "auto" && !this.forPeople ? "tsv" : format;
    if (way !== "auto" && way !== "json") return writeList(this.#out, list, way);
    const { rows, columns, document } = await held(list);
    if (way === "json") await writeText(this.#out, documentText(document()));
    else await writeLines(this.#out, await tableLines(columns, rows, this.#canvas(stdout, this.#paintOut)));
    return true;
  }

  async page(page: Page): Promise<void> {
    this.close();
    const { format, stdout } = this.#options;
    if (format === "json") return writeText(this.#out, documentText(page.document()));
    if (format === "jsonl") return writeLines(this.#out, jsonLines([page.document()]));
    const rows = { columns: pageColumns, rows: pageRows(page) };
    if (format === "tsv") return writeLines(this.#out, tsvLines(rows));
    await writeLines(this.#out, pageLines(page, this.#canvas(stdout, this.#paintOut)));
  }

  watch<Row>(watching: Watching<Row>): Promise<void> {
    const ends = [this.#out.signal, this.#options.signal].filter((signal) => signal !== undefined);
    const inPlace = this.forPeople && this.#options.env["TERM"] !== "dumb";
    if (inPlace) this.#held = [];
    return showAgain(watching, AbortSignal.any(ends), async (picture, first) => {
      if (inPlace) return this.#draw(picture, first);
      await this.report(picture.report);
      for (const { text, tone } of picture.lines) this.say(text, tone);
    }).finally(() => {
      const rest = this.#held ?? [];
      this.#held = null;
      for (const line of rest) this.warn(line);
    });
  }

  /** All on one stream, since two would be drawn over one another. */
  async #draw<Row>({ report, lines }: Picture<Row>, first: boolean): Promise<void> {
    this.close();
    const { stdout } = this.#options;
    const table = await tableLines(report.columns, report.rows, this.#canvas(stdout, this.#paintOut));
    const warnings = (this.#held ?? []).map((text) => ({ text: `warning: ${text}`, tone: "warn" as const }));
    const words = [...lines, ...warnings].map(({ text, tone }) => this.#paintOut(safeLine(text), tone));
    this.#held = [];
    // The words first: what a small terminal cuts off is the end of the list.
    await this.#out.write(frame([...words, ...table], { first, rows: stdout.rows, columns: stdout.columns }));
  }

  async data(text: string): Promise<void> {
    this.close();
    const safe = safeLines(text);
    await writeText(this.#out, safe.endsWith("\n") ? safe : `${safe}\n`);
  }

  say(line: string, tone?: Tone): void {
    if (!this.#options.quiet) this.tell(line, tone);
  }

  tell(line: string, tone?: Tone): void {
    this.#tell(line, levelOf(tone), () => this.#paintErr(safeLine(line), tone));
  }

  warn(line: string): void {
    if (this.#held !== null && !this.#options.log) return void this.#held.push(line);
    this.#tell(line, "warn", () => `${this.#paintErr("warning:", "warn")} ${safeLine(line)}`);
  }

  summary(summary: RunSummary): void {
    const { quiet, log } = this.#options;
    if (quiet && isUneventful(summary)) return;
    // Whoever reads along was told the figures above, and an error is told in words of its own.
    if (!log && (!quiet || summary.problem !== null)) return;
    const line = summaryLine(summary);
    const tone = summary.exitCode === 0 ? undefined : summary.exitCode === 2 ? "bad" : "warn";
    const fields = () => ({ event: "summary", ...summaryDocument(summary) });
    this.#tell(line, levelOf(tone), () => this.#paintErr(safeLine(line), tone), fields);
  }

  async chart(
    title: string,
    bars: readonly { label: string; count: number; note?: string }[],
  ): Promise<void> {
    const { stderr, quiet } = this.#options;
    if (quiet || this.#options.log || !this.forPeople || stderr.isTTY !== true) return;
    const lines = await chartLines(title, bars, this.#canvas(stderr, this.#paintErr));
    for (const line of lines) this.#tell(line, "info", () => line);
  }

  async confirm(question: string): Promise<boolean> {
    if (!this.canAsk) return false;
    this.close();
    return ask(safeLine(question), this.#options);
  }

  progress(label: string): Progress {
    const { stderr, quiet, env, log } = this.#options;
    if (quiet || log || stderr.isTTY !== true || env["TERM"] === "dumb" || env["CI"]) return noProgress;
    this.close();
    this.#spinner = startSpinner(label, stderr, wantsColor(stderr, this.#options));
    return this.#spinner;
  }

  /** One spinner at a time, and none below a report or a question. */
  close(): void {
    this.#spinner.stop();
    this.#spinner = noProgress;
  }

  #canvas(stream: Sink, paint: Paint): Canvas {
    return { width: stream.columns || 80, unicode: showsUnicode(this.#options.env), paint };
  }

  /** Words for people never fail a command: a closed or full stderr is no reason to stop half-way. */
  #tell(msg: string, level: Level, shown: () => string, fields: () => object = () => ({})): void {
    const { log } = this.#options;
    const line = log ? logLine(log, level, msg, fields()) : `${shown()}\n`;
    void this.#err.write(line).catch(() => undefined);
  }
}
