import type { Instant } from "./sale.js";
import { DAY, MINUTE } from "./sale.js";

/** Zones change at quarters of an hour at the finest. */
const QUARTER = 15 * MINUTE;
/** No zone is further from UTC, in quarters of an hour; a day begins that much before or after midnight UTC at most. */
const FURTHEST = 16 * 4;

/** The calendar of one zone. */
export interface Calendar {
  /** The day of a moment there, `2026-11-20`. */
  dayOf(at: Instant): string;
  /** The moment at which a day begins there: the first of it, where clocks skip midnight. */
  startOf(day: string): Instant;
}

/** Which day a moment is in a zone. Asking Intl for every sale would cost more than reading them. */
export function calendarOf(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const known = new Map<number, string>();
  const dayOf = (at: Instant): string => {
    const quarter = Math.floor(at / QUARTER);
    let day = known.get(quarter);
    if (day === undefined) known.set(quarter, (day = shown(format, quarter * QUARTER)));
    return day;
  };
  return {
    dayOf,
    startOf(day) {
      const midnight = Date.parse(`${day}T00:00Z`) / QUARTER;
      let [before, from] = [midnight - FURTHEST, midnight + FURTHEST];
      while (from - before > 1) {
        const middle = Math.floor((before + from) / 2);
        if (dayOf(middle * QUARTER) < day) before = middle;
        else from = middle;
      }
      return from * QUARTER;
    },
  };
}

function shown(format: Intl.DateTimeFormat, at: Instant): string {
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part["year"]?.padStart(4, "0")}-${part["month"]}-${part["day"]}`;
}

/** Every day from one to another, so that a chart shows the days on which nothing happened. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${first}T00:00Z`); at <= Date.parse(`${last}T00:00Z`); at += DAY)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** The instant at which the clocks of a zone show this; `naive` is their face read as UTC; twice, since the offset is that of the result. */
export function fromLocal(naive: Instant, timeZone: string): number {
  const once = naive - offsetAt(naive, timeZone);
  return naive - offsetAt(once, timeZone);
}

function offsetAt(instant: number, timeZone: string): number {
  return clockFace(timeZone)(instant) - Math.floor(instant / 1000) * 1000;
}

/** What the clocks of a zone show at an instant, to the second, read as UTC. @throws RangeError for a zone that does not exist */
export function clockFace(timeZone: string): (instant: Instant) => Instant {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (instant) => {
    const part = Object.fromEntries(
      format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
    );
    const of = (name: string): number => part[name] ?? 0;
    return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  };
}
