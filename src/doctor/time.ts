import type { GraphFacts, RowFacts, ServerFacts } from "../ports.js";
import { HOUR, MINUTE } from "../sales/sale.js";
import { age, iso } from "../sales/time.js";
import type { Finding } from "./finding.js";
import { count, findingsOf } from "./finding.js";

const finding = findingsOf("time");

/** Deadlines have an hour's margin and claims a minute: a skew below half of that changes nothing. */
const SKEW = 30_000;
/** Meta's `Date` header is exact to the second. */
const DATE_HEADER = 1_000;

type Clock = { readonly before: number; readonly at: number; readonly after: number };

/** How far another clock is ahead of the host's, at least; 0 where the answer's own time explains it. */
export function skewOf({ before, at, after }: Clock, exactTo = 0): number {
  if (at > after) return at - after;
  return at + exactTo < before ? at + exactTo - before : 0;
}

/** Host's clock against the database's, by which deadlines are reckoned. */
export function judgeDatabaseClock({ clock }: ServerFacts): Finding {
  return judgeSkew("clock-database", "the database's clock", skewOf(clock));
}

/** Host's clock against Meta's. */
export function judgeGraphClock({ clock }: GraphFacts): Finding[] {
  if (clock === null) return [];
  return [judgeSkew("clock-graph", "Meta's clock", skewOf(clock, DATE_HEADER))];
}

function judgeSkew(name: string, whose: string, skew: number): Finding {
  if (Math.abs(skew) <= SKEW) return finding(name, "ok", { what: `this host's clock agrees with ${whose}` });
  return finding(name, "warning", {
    what: `${whose} is ${age(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} this host's`,
    why: "what is too old to send, and what must still wait, is told wrong by so much",
    mend: "timedatectl set-ntp true",
  });
}

/** Zones differ by half an hour at least; what lies less far in the future is a clock's doing, and told as one. */
const FUTURE = 20 * MINUTE;
/** A zone as settings name it; a server may have one of POSIX's. */
const NAME = /^[A-Za-z]\w*(\/[\w+-]+)*$/;
/** In a shop that sells once an hour or more, the newest row is not hours old. */
const BUSY = 24;
const FRESH = 10 * MINUTE;

/** Is the zone right in which timestamps without one are read? Rows tell: they are written by the clock on the wall. */
export function judgeZone(rows: RowFacts, { zone }: ServerFacts, timeZone: string): Finding[] {
  const { now, newest, newestIn, busy, future } = rows;
  const told = `times without zone are read in ${timeZone} (the database's own setting is ${zone})`;
  if (newest === null)
    return [finding("zone", "note", { what: `${told}; no payment can tell whether that is right` })];
  const better = newestIn.find(
    (one) => one.zone !== timeZone && NAME.test(one.zone) && one.at <= now + FUTURE && one.at > now - FRESH,
  );
  const mend = better === undefined ? null : `PURCHASE_FIX_DB_TIMEZONE=${better.zone}`;
  if (newest > now + FUTURE) {
    return [
      finding("zone", "warning", {
        what: `${count(future, "payment")} lie${future === 1 ? "s" : ""} in the future, the newest by ${age(newest - now)}`,
        why: told,
        mend: mend ?? "--db-timezone: the zone of the clock that the application writes by",
      }),
    ];
  }
  if (better !== undefined && busy >= BUSY && now - newest >= HOUR - FRESH) {
    return [
      finding("zone", "warning", {
        what: `the newest payment would be ${age(now - newest)} old, and ${age(Math.max(0, now - better.at))} if its time were of ${better.zone}`,
        why: `${told}; this shop had ${busy} payments in the day before it`,
        mend,
      }),
    ];
  }
  return [finding("zone", "ok", { what: `${told}; the newest payment was made at ${iso(newest)}` })];
}
