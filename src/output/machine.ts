import type { Report } from "../context.js";
import { KnownError } from "../errors.js";
import { mayHoldSecret, redact } from "../redact.js";
import { escapeCell, escapeJson } from "./visible.js";

/** Title of a column as scripts spell it: lower case, words joined by underscores. */
export function fieldName(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "");
}

/** TSV lines, the header first; always as many cells as columns. */
export function* tsvLines<Row>(
  { columns, rows }: Pick<Report<Row>, "columns" | "rows">,
  hasHead = true,
): Generator<string> {
  if (hasHead) yield columns.map((column) => fieldName(column.title)).join("\t");
  for (const row of rows) yield tsvLine(columns.map((column) => column.value(row) ?? ""));
}

/** A line whose cells are all harmless is written as it is: one look at it instead of two at each of its cells. */
function tsvLine(cells: readonly string[]): string {
  const seen = cells.join(" ");
  if (!mayHoldSecret(seen) && escapeCell(seen) === seen) return cells.join("\t");
  return cells.map((cell) => escapeCell(redact(cell))).join("\t");
}

/** One JSON object a line. */
export function* jsonLines(lines: Iterable<object>): Generator<string> {
  for (const line of lines) yield json(line);
}

/** The one document of `--json`. @throws KnownError where it is longer than a text can be, as of some 800,000 sales */
export function documentText(document: object): string {
  try {
    return `${json(document, 2)}\n`;
  } catch (error) {
    if (!(error instanceof RangeError) || error.message !== "Invalid string length") throw error;
    throw new KnownError({
      what: "The document of --json is longer than a text can be",
      why: "some 500 million characters are the most",
      next: "take --jsonl, a line for each sale; what the command did before stays done",
    });
  }
}

/**
 * JSON of plain data. Secrets leave each text before it is serialised, since a placeholder put in later could break the
 * syntax: where the whole might hold one, it is serialised once more.
 */
export function json(value: object, indent = 0): string {
  const whole = serialised(value, indent);
  return escapeJson(mayHoldSecret(whole) ? JSON.stringify(value, clean, indent) : whole);
}

/** Asked about each value, JSON takes twice as long: so only where it refuses one, which is a bigint. */
function serialised(value: object, indent: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    if (error instanceof TypeError) return JSON.stringify(value, bigintAsText, indent);
    throw error;
  }
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function clean(_key: string, value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.every(([key]) => redact(key) === key)) return value;
  return Object.fromEntries(entries.map(([key, kept]) => [redact(key), kept]));
}
