import type { LogEvent } from "./event.js";

/** Lines of the same log in the time before one; null where lines of that time were not seen. */
export function before(
  line: LogEvent,
  openers: readonly LogEvent[],
  unseen: readonly LogEvent[],
  span: number,
): (LogEvent | null)[] {
  const near = (one: LogEvent): boolean =>
    one.lineage === line.lineage && one.at <= line.at && one.at >= line.at - span;
  const at = upTo(openers, line.at);
  const found: (LogEvent | null)[] = [];
  for (let i = at - 1; i >= 0 && (openers[i] as LogEvent).at >= line.at - span; i--) {
    const one = openers[i] as LogEvent;
    // Of two lines in one millisecond, the one that was read later came later.
    if (near(one) && !(one.file === line.file && one.at === line.at && one.line > line.line)) found.push(one);
  }
  return unseen.some(near) ? [...found, null] : found;
}

/** How many are not after a moment. */
function upTo(lines: readonly LogEvent[], at: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] as LogEvent).at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
