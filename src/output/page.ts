import type { Item, Page, Section } from "../context.js";
import type { Canvas } from "./table.js";
import { safeLine } from "./visible.js";

/** A longer line of prose is hard to read, and a page is often mailed. */
const WIDEST = 80;
const INDENT = 2;
const GAP = 2;
/** With less room than this beside the labels, the text stands beneath them. */
const NARROWEST = 28;

/** The lines of a page: its title, and each section with its labels in a column. */
export function pageLines({ title, sections }: Page, canvas: Canvas): string[] {
  const width = Math.min(WIDEST, canvas.width);
  const head = wrapped(safeLine(title), width).map((line) => canvas.paint(line, "strong"));
  return [...head, ...sections.flatMap((section) => sectionLines(section, width, canvas))];
}

function sectionLines({ title, items }: Section, width: number, canvas: Canvas): string[] {
  if (items.length === 0) return [];
  const column = Math.max(...items.map(({ label }) => lengthOf(safeLine(label))));
  const beside = width - INDENT - column - GAP >= NARROWEST;
  const lines = items.flatMap((item) => itemLines(item, beside ? column : null, width, canvas));
  return ["", canvas.paint(safeLine(title), "strong"), ...lines];
}

/** `column`: how wide the labels are; null where the text stands beneath its label. */
function itemLines(
  { label, text, tone, command }: Item,
  column: number | null,
  width: number,
  canvas: Canvas,
): string[] {
  const name = safeLine(label);
  const offset = column === null ? INDENT * 2 : INDENT + (column === 0 ? 0 : column + GAP);
  const pad = " ".repeat(offset);
  const body = wrapped(safeLine(text), width - offset).map((line) => canvas.paint(line, tone));
  const lines = body.map((line) => `${pad}${line}`);
  if (name !== "") {
    const head = " ".repeat(INDENT) + name;
    if (column === null) lines.unshift(head);
    else lines[0] = `${head}${" ".repeat(offset - INDENT - lengthOf(name))}${body[0] ?? ""}`;
  }
  if (command) lines.push(`${pad}${canvas.paint(safeLine(command), "strong")}`);
  return lines.map((line) => line.trimEnd());
}

/** Words are never broken: half an event id is of no use, and a terminal wraps what is too long by itself. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    const longer = last === "" ? word : `${last} ${word}`;
    if (last === "" || lengthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

const lengthOf = (text: string): number => Array.from(text).length;

/** The same as rows, for `--tsv`. */
export const pageColumns = ["Section", "Label", "Text", "Command"].map((title, at) => ({
  title,
  value: (row: readonly (string | null)[]) => row[at] ?? null,
}));

export function pageRows({ sections }: Page): (string | null)[][] {
  return sections.flatMap(({ title, items }) =>
    items.map(({ label, text, command = null }) => [title, label, text, command]),
  );
}
