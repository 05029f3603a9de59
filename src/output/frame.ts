import type { Picture, Watching } from "../context.js";

/** The terminal that a frame is drawn on; unknown sizes are those of a terminal of old. */
export interface FrameSize {
  /** The first frame clears what stood there before. */
  readonly first: boolean;
  readonly rows?: number | undefined;
  readonly columns?: number | undefined;
}

const HOME = "\u001b[H";
const CLEAR = "\u001b[2J";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * What puts these lines in the place of those before. Each line is overwritten and only its rest cleared, so that nothing
 * flickers; what does not fit is left out, since a terminal that scrolls would put the next frame beside this one.
 */
export function frame(lines: readonly string[], { first, rows = 24, columns = 80 }: FrameSize): string {
  const room = Math.max(2, rows) - 1;
  const shown: string[] = [];
  let height = 0;
  for (const line of lines) {
    height += Math.max(1, Math.ceil(bare(line).length / Math.max(1, columns)));
    if (height >= room) {
      shown.push("… more than fits: make the terminal higher, or use --tsv");
      break;
    }
    shown.push(line);
  }
  return `${first ? CLEAR : ""}${HOME}${shown.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`;
}

/** A line without its colours, which take no columns. */
function bare(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return line.replace(/\u001b\[[\d;]*m/g, "");
}

/** Looks and shows until the signal fires. */
export async function showAgain<Row>(
  { everyMs, sleep, look }: Watching<Row>,
  end: AbortSignal,
  show: (picture: Picture<Row>, first: boolean) => Promise<void>,
): Promise<void> {
  for (let first = true; !end.aborted; first = false) {
    const picture = await look();
    if (end.aborted) return;
    await show(picture, first);
    await sleep(everyMs, end);
  }
}
