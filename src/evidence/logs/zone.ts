import { clockFace } from "../../sales/days.js";
import type { Instant } from "../../sales/sale.js";
import { HOUR, MINUTE } from "../../sales/sale.js";

/** Turns what a writer's clock showed into moments; `after` is the moment of the line before, where there is one. */
export type ZoneClock = (shown: number, after: Instant | null) => Instant;

/** Processes write into one file a little out of order; an hour that is repeated jumps back by more. */
const DISORDER = 5 * MINUTE;

/** `shown` is the clock's face read as UTC. @throws RangeError for a zone that does not exist */
export function zoneClock(zone: string): ZoneClock {
  // Most servers' clocks: Intl takes 13 ms to begin with, and is not needed to know that.
  if (zone === "UTC" || zone === "Etc/UTC") return (shown) => shown;
  const face = clockFace(zone);
  const offsets = new Map<number, number>();
  /** Zones change at quarters of an hour at the finest; asking Intl for every line would cost more than the reading. */
  const offsetAt = (instant: number): number => {
    const quarter = Math.floor(instant / (15 * MINUTE));
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const offset = face(quarter * 15 * MINUTE) - quarter * 15 * MINUTE;
    offsets.set(quarter, offset);
    return offset;
  };
  return (shown, after) => {
    const before = offsetAt(shown - offsetAt(shown) - 12 * HOUR);
    const later = offsetAt(shown - offsetAt(shown) + 12 * HOUR);
    const candidates = [shown - before, shown - later].filter((at) => offsetAt(at) === shown - at);
    // A clock that was put forward never showed this: read it as though it had not been.
    const [first = shown - before, second = first] = candidates.toSorted((a, b) => a - b);
    return after !== null && first < after - DISORDER ? second : first;
  };
}
