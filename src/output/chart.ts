import { loadGrid, total, type Canvas } from "./table.js";
import { safeLine } from "./visible.js";

/** One bar: what it stands for, how many, and a word beside the number. */
export interface Bar {
  readonly label: string;
  readonly count: number;
  readonly note?: string;
}

/** The longest bar gets at least this many columns, even where the lines then exceed the terminal. */
const SHORTEST_ROOM = 8;
/** Longer bars say no more. */
const LONGEST_ROOM = 60;

/** A horizontal bar chart: label, bar, count, note. Empty without bars. */
export async function chartLines(title: string, bars: readonly Bar[], canvas: Canvas): Promise<string[]> {
  if (bars.length === 0) return [];
  const grid = await loadGrid([{}, {}, { align: "right" }, {}], canvas);
  const rows = bars.map((bar) => [
    safeLine(bar.label).trim(),
    "",
    String(bar.count),
    safeLine(bar.note ?? "").trim(),
  ]);
  const natural = grid.measure(rows);
  const room = Math.min(LONGEST_ROOM, Math.max(SHORTEST_ROOM, canvas.width - total(natural) + 1));
  const most = Math.max(...bars.map((bar) => bar.count));
  const drawn = rows.map((row, at) => row.with(1, barOf(bars[at]?.count ?? 0, most, room, canvas.unicode)));
  const widths = natural.with(1, room);
  return [canvas.paint(safeLine(title), "strong"), ...grid.draw([], drawn, widths)];
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `room` columns for the largest count. Something is never drawn as nothing. */
export function barOf(count: number, most: number, room: number, unicode: boolean): string {
  if (!(count > 0) || !(most > 0)) return "";
  const share = Math.min(1, count / most) * room;
  if (!unicode) return "#".repeat(Math.max(1, Math.round(share)));
  const steps = Math.max(1, Math.round(share * 8));
  return "█".repeat(Math.floor(steps / 8)) + (eighths[steps % 8] ?? "");
}
