import type { Column } from "../context.js";
import type { Paint } from "./color.js";
import { safeLine } from "./visible.js";
import { broken } from "./wrap.js";

/** The terminal that a table is drawn for; `width` in columns. */
export interface Canvas {
  readonly width: number;
  readonly unicode: boolean;
  readonly paint: Paint;
}

/** Flexible columns shrink to this many characters before the layout changes. */
const NARROWEST = 18;
/** cli-table3 compares every cell with all rows above it: 10,000 rows took 25 s at once, 3.8 s in blocks. */
const BLOCK = 64;

/**
 * The lines of a table that fits the terminal: spare columns go first, and where that is not enough, each row becomes
 * a paragraph of `title  value` lines (as psql's `\x auto` does), because a cut id is of no use.
 */
export async function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  canvas: Canvas,
): Promise<string[]> {
  const shown = columns.filter((column) => column.machine !== true);
  if (rows.length === 0 || shown.length === 0) return [];
  const order = shown.filter(isSpare).toSorted((a, b) => (b.spare ?? 0) - (a.spare ?? 0));
  for (let left = 0; left <= order.length; left += 1) {
    const out = order.slice(0, left);
    const kept = shown.filter((column) => !out.includes(column));
    const lines = await drawn(kept, rows, canvas);
    if (lines === null) continue;
    const names = out.map(({ title }) => title).join(", ");
    return left === 0 ? lines : [...lines, canvas.paint(`no room for ${names}: --tsv shows all`, "dim")];
  }
  return paragraphs(headOf(shown, canvas), bodyOf(shown, rows, canvas));
}

const isSpare = ({ spare }: Pick<Column<never>, "spare">) => spare !== undefined;

/** The table, or null where it does not fit. */
async function drawn<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  canvas: Canvas,
): Promise<string[] | null> {
  const [head, body] = [headOf(columns, canvas), bodyOf(columns, rows, canvas)];
  const grid = await loadGrid(columns, canvas);
  const widths = fitted(grid.measure([head, ...body]), columns, canvas.width);
  return widths === null ? null : grid.draw(head, body, widths);
}

function headOf<Row>(columns: readonly Column<Row>[], canvas: Canvas): string[] {
  return columns.map((column) => canvas.paint(safeLine(column.title), "strong"));
}

function bodyOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], canvas: Canvas): string[][] {
  return rows.map((row) => columns.map((column) => cell(column, row, canvas.paint)));
}
/** The text of a cell, safe to print: what `shown` says, else the value. */
export function cell<Row>(column: Column<Row>, row: Row, paint: Paint): string {
  const text = column.shown === undefined ? (column.value(row) ?? "") : column.shown(row);
  const safe = safeLine(text).trim();
  return safe === "" ? "" : paint(safe, column.tone?.(row));
}

interface Grid {
  /** Natural width of each column. */
  measure(rows: readonly string[][]): number[];
  draw(head: readonly string[], rows: readonly string[][], widths: readonly number[]): string[];
}

/** cli-table3 as a grid: no borders, a rule below the head. It measures too, so that one library decides how wide a text is. */
export async function loadGrid(
  columns: readonly Pick<Column<never>, "align">[],
  canvas: Canvas,
): Promise<Grid> {
  const { default: Table } = await import("cli-table3");
  const rule = canvas.unicode ? "─" : "-";
  const base = {
    chars: { ...noBorders, mid: rule, "mid-mid": rule.repeat(GAP) },
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
    colAligns: columns.map((column) => column.align ?? "left"),
    truncate: canvas.unicode ? "…" : "~",
  };
  return {
    measure(rows) {
      const widths = columns.map(() => 1);
      for (const block of blocks(rows)) {
        const table = new Table(base);
        table.push(...block.map((row) => [...row]));
        table.toString();
        table.options.colWidths.forEach((width, at) => (widths[at] = Math.max(widths[at] ?? 1, width ?? 1)));
      }
      return widths;
    },
    draw(head, rows, widths) {
      return [...blocks(rows)].flatMap((block, at) => {
        const options = { ...base, wordWrap: true, colWidths: [...widths] };
        const table = new Table(at === 0 && head.length > 0 ? { ...options, head: [...head] } : options);
        table.push(...block.map((row) => row.map((text, at) => broken(text, widths[at] ?? NARROWEST))));
        return table
          .toString()
          .split("\n")
          .map((line) => line.trimEnd());
      });
    },
  };
}

const GAP = 2;

const edges = ["top", "bottom", "left", "right"];
const corners = [
  "top-mid",
  "top-left",
  "top-right",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
  "left-mid",
  "right-mid",
];
const noBorders = {
  ...Object.fromEntries([...edges, ...corners].map((name) => [name, ""])),
  middle: " ".repeat(GAP),
};

function* blocks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += BLOCK) yield rows.slice(at, at + BLOCK);
}

/** Takes from the widest flexible column until the table fits; null where that does not help. */
export function fitted(
  natural: readonly number[],
  columns: readonly { readonly flexible?: boolean }[],
  room: number,
): number[] | null {
  const widths = [...natural];
  let excess = total(widths) - room;
  while (excess > 0) {
    let widest = -1;
    columns.forEach((column, at) => {
      if (column.flexible === true && (widths[at] ?? 0) > Math.max(NARROWEST, widths[widest] ?? 0))
        widest = at;
    });
    if (widest < 0) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

/** Width of a whole line. */
export function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

function paragraphs(head: readonly string[], body: readonly string[][]): string[] {
  const longest = Math.max(...head.map((title) => title.length));
  const one = (row: string[]) =>
    row.map((text, at) => `${(head[at] ?? "").padEnd(longest)}  ${text}`.trimEnd());
  return body.flatMap((row, at) => (at === 0 ? one(row) : ["", ...one(row)]));
}
