import { compareAmounts } from "./money.js";
import { DAY, HOUR, type Instant } from "./sale.js";
import type { RunSummary } from "./summary.js";
import { counted, did, needs, NEXT } from "./summary-words.js";

/** What an earlier run is remembered by, as far as this rule needs it. */
export type Earlier = Pick<RunSummary, "endedAt" | "needsPerson">;
/** When the last run of this host ended, and how. */
export type LastRun = Pick<RunSummary, "endedAt" | "exitCode">;

/**
 * Why a person is disturbed: something was recovered, more needs a person than before, the job itself cannot be done;
 * or the day's reminder of what stands.
 */
export type Occasion = "failed" | "needs-person" | "recovered" | "reminder";

/** Noon in UTC, nine in the morning in São Paulo: when the day's reminder falls due. */
const REMINDER = 12 * HOUR;

/**
 * A job runs every minute and a state stands for days: it is told when it is new, and then once a day. "Once" is read
 * off the clock (a border lies between the earlier run and now), so that nothing needs to be kept of what was told.
 * A failed run may have no database to remember it: it is told when the run before it did not fail, and then once an
 * hour, since money expires meanwhile. A clock that was set back crosses the border too, and is told about once more.
 *
 * @param previous the last run that looked at its whole window; null where there was none or nobody knows
 * @param last the last run of this host however it ended; null where nobody knows
 */
export function worthTelling(
  summary: RunSummary,
  previous: Earlier | null,
  last: LastRun | null,
  now: Instant,
): Occasion | null {
  const { exitCode, confirmed, resent, needsPerson } = summary;
  // Another run is at it, and will tell.
  if (exitCode === 75) return null;
  if (exitCode === 2) {
    const stands = last?.exitCode === 2 && !crossed(last.endedAt, now, HOUR, 0);
    if (!stands) return "failed";
  }
  if (needsPerson.count > 0 && hasGrown(summary, previous)) return "needs-person";
  if (confirmed.count + resent.count > 0) return "recovered";
  if (needsPerson.count > 0 && previous !== null && crossed(previous.endedAt, now, DAY, REMINDER))
    return "reminder";
  return null;
}

/** In number or money: one sale mended and a dearer one new is news too. */
function hasGrown({ needsPerson }: RunSummary, previous: Earlier | null): boolean {
  if (previous === null) return true;
  return (
    needsPerson.count > previous.needsPerson.count ||
    compareAmounts(needsPerson.amount, previous.needsPerson.amount) > 0
  );
}

function crossed(then: Instant, now: Instant, every: number, offset: number): boolean {
  return Math.floor((now - offset) / every) !== Math.floor((then - offset) / every);
}

/** Slack cuts and folds long texts, and a telephone's lock screen shows two lines. */
const LONGEST_NOTICE = 900;

/** What is posted: counts, money and the line to type next. No sale, person or pixel is named. */
export function notice(summary: RunSummary, occasion: Occasion): string {
  const { command, currency, needsPerson, expiringWithin24h, expiredSinceLast, problem } = summary;
  const lines = [`purchase-fix ${command}`];
  if (occasion === "failed") lines.push(`could not do its job: ${problem ?? "see its log"}`);
  if (occasion === "reminder") lines.push("still:");
  const done = did(summary);
  if (done !== "") lines.push(done);
  if (needsPerson.count > 0) lines.push(needs(summary));
  if (expiringWithin24h.count > 0)
    lines.push(`expiring within 24 h: ${counted(expiringWithin24h, currency)}`);
  if (expiredSinceLast.count > 0)
    lines.push(`expired since the last success: ${counted(expiredSinceLast, currency)}`);
  if (needsPerson.count > 0) lines.push(`next: ${NEXT}`);
  const text = lines.join("\n");
  return text.length > LONGEST_NOTICE
    ? `${text.slice(0, LONGEST_NOTICE).replace(/\p{Surrogate}$/u, "")}…`
    : text;
}
