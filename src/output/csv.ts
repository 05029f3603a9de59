import type { Report } from "../context.js";
import { fieldName } from "./machine.js";
import { safeLine } from "./visible.js";

/** Lines of CSV by RFC 4180, the header first; whoever writes them adds the line feed to the carriage return. */
export function* csvLines<Row>(
  { columns, rows }: Pick<Report<Row>, "columns" | "rows">,
  hasHead = true,
): Generator<string> {
  if (hasHead) yield `${columns.map(({ title }) => csvCell(fieldName(title))).join(",")}\r`;
  for (const row of rows) yield `${columns.map((column) => csvCell(column.value(row) ?? "")).join(",")}\r`;
}

/** What spreadsheets take for a formula, which may fetch and run what it likes; wide forms too. */
const FORMULA = /^[=+\-@＝＋－＠\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** A bot's name is foreign text: an apostrophe before it keeps a spreadsheet from reckoning with it. */
export function csvCell(text: string): string {
  const safe = safeLine(text);
  const cell = FORMULA.test(safe) && !NUMBER.test(safe) ? `'${safe}` : safe;
  return /[",;\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
