import type { Instant } from "../../sales/sale.js";
import type { LoggedSpan } from "../../sales/logged.js";
import { MINUTE } from "../../sales/sale.js";
import type { ZoneClock } from "./zone.js";

/**
 * A log that says nothing for so long is not known to be whole: a shop that sells writes something every few minutes,
 * and a file that was emptied, or a process that lost its log, is silent too.
 */
export const QUIET = 10 * MINUTE;

/** The times of one file's lines, read at a price that a line in gigabytes can bear. */
export class LineClock {
  first: Instant | null = null;
  last: Instant | null;
  readonly quiet: LoggedSpan[] = [];
  #minute = -1;
  readonly #zone: ZoneClock;

  constructor(zone: ZoneClock, after: Instant | null) {
    this.#zone = zone;
    this.last = after;
  }

  /**
   * Looks at a line's minute (its time begins at `at`), and reads the time only where it changed. A silence of whole
   * hours, to the minute, is noticed with the minute after it.
   */
  pass(b: Buffer, at: number): void {
    const minute = ((b[at + 14] as number) << 8) | (b[at + 15] as number);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.read(b, at);
  }

  /** The moment of a line, or null where its digits are none. */
  read(b: Buffer, at: number): Instant | null {
    const shown = Date.UTC(
      digits(b, at) * 100 + digits(b, at + 2),
      digits(b, at + 5) - 1,
      digits(b, at + 8),
      digits(b, at + 11),
      digits(b, at + 14),
      digits(b, at + 17),
      fraction(b, at + 19),
    );
    if (Number.isNaN(shown)) return null;
    const moment = this.#zone(shown, this.last);
    if (this.last !== null && moment - this.last > QUIET) this.quiet.push({ from: this.last, to: moment });
    this.first ??= moment;
    this.last = Math.max(moment, this.last ?? moment);
    return moment;
  }
}

function digits(b: Buffer, at: number): number {
  const [tens, ones] = [(b[at] as number) - 48, (b[at + 1] as number) - 48];
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? Number.NaN : tens * 10 + ones;
}

/** `,123` or `.123456`; a line without a fraction is at its second. */
function fraction(b: Buffer, at: number): number {
  if (b[at] !== 0x2c && b[at] !== 0x2e) return 0;
  const ms = digits(b, at + 1) * 10 + ((b[at + 3] as number) - 48);
  return ms >= 0 && ms <= 999 ? ms : 0;
}
