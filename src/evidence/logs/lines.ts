/** A longer line is cut: a dump of a request is none of ours, and what is ours stands at the beginning. */
export const LONGEST_LINE = 64 * 1024;

const BLOCK = 1024 * 1024;

/** Called for each whole line: its bytes lie in `b` from `start` to `end`, without the line's end. */
export type OnLine = (b: Buffer, start: number, end: number) => void;

/**
 * Divides bytes into lines in constant memory: one buffer, whose beginning is the unfinished line of the block before.
 * What follows the last line end is a line that somebody may still be writing, and is never handed out.
 */
export class Lines {
  /** Whole lines and their bytes: where the next read begins. */
  count = 0;
  consumed = 0;
  cut = 0;
  readonly #buffer = Buffer.allocUnsafe(LONGEST_LINE + BLOCK);
  #held = 0;
  /** Bytes of an overlong line that were dropped behind what is held of it. */
  #dropped = 0;
  readonly #onLine: OnLine;

  constructor(onLine: OnLine) {
    this.#onLine = onLine;
  }

  /** Where the next bytes are to be written. */
  room(): Buffer {
    return this.#buffer.subarray(this.#held, this.#held + BLOCK);
  }

  /** Bytes of a line that has no end yet. */
  get unfinished(): number {
    return this.#held + this.#dropped;
  }

  /** `size` bytes were written into `room()`. */
  written(size: number): void {
    const end = this.#held + size;
    const filled = this.#buffer.subarray(0, end);
    let start = 0;
    let from = this.#held;
    for (;;) {
      const at = filled.indexOf(10, from);
      if (at < 0) break;
      this.#line(start, at);
      start = at + 1;
      from = start;
    }
    this.#keep(start, end);
  }

  #line(start: number, end: number): void {
    this.count += 1;
    this.consumed += end + 1 - start + this.#dropped;
    const long = this.#dropped > 0 || end - start > LONGEST_LINE;
    if (long) this.cut += 1;
    this.#dropped = 0;
    this.#onLine(this.#buffer, start, long ? Math.min(end, start + LONGEST_LINE) : end);
  }

  #keep(start: number, end: number): void {
    const rest = end - start;
    const kept = Math.min(rest, LONGEST_LINE);
    this.#dropped += rest - kept;
    this.#buffer.copyWithin(0, start, start + kept);
    this.#held = kept;
  }
}
