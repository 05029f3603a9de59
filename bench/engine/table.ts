import type { Pair } from "./pairs.js";
import type { Judgement, Row } from "./row.js";
import { judge } from "./row.js";
import type { Spread } from "./spread.js";
import { median } from "./spread.js";

const titles = ["", "beside", "ratio", "CPU", "goal", "", "figures"] as const;

/** Cells of a row, as both tables show them. */
function cells(row: Row, noisy: boolean): string[] {
  const goal = row.goal === null ? "" : `${row.goal.is === "at most" ? "≤" : "≥"} ${number(row.goal.value)}`;
  const told = row.fault?.text ?? [row.figures, row.unless].filter((text) => text).join("; ");
  return [row.what, row.beside, spread(row.ratio), spread(row.cpu), goal, words[judge(row, noisy)], told];
}

const words: Readonly<Record<Judgement, string>> = {
  met: "met",
  missed: "missed",
  "not judged": "noisy: not judged",
  "no goal": "",
  wrong: "WRONG ANSWER",
  failed: "FAILED",
  lacking: "cannot be had",
};

/** A line per row as it comes in, so that a long run shows what it found. */
export function terminalLines(row: Row, noisy: boolean): string {
  const [what, beside, ratio, cpu, goal, word, told] = cells(row, noisy);
  const figure = [ratio, cpu && `CPU ${cpu}`, goal && `goal ${goal}`, word].filter((text) => text);
  return [`${what}${beside && `  beside ${beside}`}`, figure.join("   "), told]
    .filter((text) => text)
    .map((text, n) => (n === 0 ? text : `    ${text}`))
    .join("\n");
}

/** The table of the README. */
export function markdown(rows: readonly Row[], noisy: boolean): string {
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map((row) => line(cells(row, noisy)))].join(
    "\n",
  );
}

/** `median (min to max)` */
export function spread(value: Spread | null): string {
  if (value === null) return "";
  return `${number(value.median)} (${number(value.min)} to ${number(value.max)})`;
}

/** Three digits that mean something; small ratios as a fraction of one. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "?";
  if (value !== 0 && Math.abs(value) < 0.02) return `1/${Math.round(1 / value)}`;
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function milliseconds(ms: number): string {
  return ms >= 10_000 ? `${number(ms / 1000)} s` : ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** The median of both sides, in time. */
export function inMs(pairs: readonly Pair[]): string {
  const of = (side: "ours" | "beside") => milliseconds(median(pairs.map((pair) => pair[side].wallMs)));
  return `${of("ours")} beside ${of("beside")}`;
}

/** The median of both sides, in units a second. */
export function perSecond(pairs: readonly Pair[], unit: string): string {
  const of = (side: "ours" | "beside") =>
    number(median(pairs.map((pair) => (pair[side].units / pair[side].wallMs) * 1000)));
  return `${of("ours")} beside ${of("beside")} ${unit}/s`;
}

/** The peak of both sides. */
export function megabytes(pairs: readonly Pair[]): string {
  const of = (side: "ours" | "beside") =>
    Math.round(Math.max(...pairs.map((pair) => pair[side].peakMb ?? 0)));
  return `${of("ours")} MB beside ${of("beside")} MB`;
}
