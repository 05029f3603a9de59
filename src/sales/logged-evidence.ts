import type { Cause, Fact, Trace } from "./evidence.js";
import type { LoggedAttempt, LoggedFact, LoggedSpan } from "./logged.js";
import type { Instant, Sale } from "./sale.js";
import { MINUTE, paidMoment } from "./sale.js";

/** An attempt of the application as its logs tell it, as evidence. */
export function traceOfLogged(attempt: LoggedAttempt): Trace {
  const { result, at, acceptedAt, lastAt, eventId, eventIdCut, pixelId, taskId, because, facts } = attempt;
  // A worker knows more than whoever waited for it.
  const line =
    facts.find(({ at: told }) => told === acceptedAt) ??
    facts.findLast(({ source }) => source === "worker log") ??
    facts.at(-1);
  return {
    source: line?.source ?? "application log",
    by: "application",
    // Folding asks when Meta had it: retries may have taken hours, and copies may have gone on after it.
    at: result === "accepted" ? (acceptedAt ?? lastAt) : at,
    pixelId,
    // The beginning of an id would be believed, and sent, as if it were one.
    eventId: eventIdCut ? null : eventId,
    result,
    unsettled: false,
    because: line ? `${because} (${placeOf(line)})` : because,
    taskId,
    unseen: wasNotSeenEnding(attempt),
  };
}

/** The wait timed out, or no worker's line tells of a run: none is known that may have reached Meta. */
function wasNotSeenEnding({ result, reached }: LoggedAttempt): boolean {
  return result === "unknown" && reached !== "run";
}

/** The cause that the latest attempt shows, in the incident report's words. */
export function causeOfLogged(attempts: readonly LoggedAttempt[]): Cause | null {
  return attempts.toSorted((a, b) => b.at - a.at).find(({ cause }) => cause !== null)?.cause ?? null;
}

export function factsOfLogged(attempts: readonly LoggedAttempt[]): Fact[] {
  return attempts.flatMap(({ facts }) =>
    facts.map((fact) => ({ at: fact.at, source: fact.source, text: fact.text, where: placeOf(fact) })),
  );
}

/** The folder says nothing that the operator does not know. */
function placeOf({ file, line }: LoggedFact): string {
  return `${file.split(/[/\\]/).at(-1)}:${line}`;
}

/** A request writes its first line when the page is opened, and the flag's own clock is the database's. */
const CLOCKS = MINUTE;

/**
 * Do the logs tell every attempt since the payment? Both are whole from then until after the last one that is known
 * (the flag's own time among them), and every one of these has ended.
 */
export function coversAll(
  sale: Sale,
  attempts: readonly LoggedAttempt[],
  coverage: { readonly application: readonly LoggedSpan[]; readonly worker: readonly LoggedSpan[] },
): boolean {
  const from = paidMoment(sale);
  if (from === null || attempts.length === 0 || attempts.some(({ mayStillRun }) => mayStillRun)) return false;
  const to = Math.max(sale.flaggedAt ?? Infinity, ...attempts.map(({ lastAt }) => lastAt));
  if (!Number.isFinite(to)) return false;
  return isWhole(coverage.application, from, to + CLOCKS) && isWhole(coverage.worker, from, to + CLOCKS);
}

export function isWhole(spans: readonly LoggedSpan[], from: Instant, to: Instant): boolean {
  return spans.some((span) => span.from <= from && span.to >= to);
}

/**
 * The flag is set, and the logs, whole since the payment, have no line of an attempt: each begins with the sale's own id
 * and names its payment before anything is queued. Another did set the flag (the delivery page's script, mostly).
 */
export function nobodyBegan(
  sale: Sale,
  flagTimes: readonly Instant[],
  {
    coverage,
  }: {
    readonly coverage: {
      readonly application: readonly LoggedSpan[];
      readonly worker: readonly LoggedSpan[];
    };
  },
): Trace[] {
  const from = paidMoment(sale);
  if (from === null || sale.flaggedAt === null) return [];
  const to = Math.max(sale.flaggedAt, ...flagTimes) + CLOCKS;
  // Without the workers' log it could not be told whether another web host's log is missing.
  if (!isWhole(coverage.application, from, to) || !isWhole(coverage.worker, from, to)) return [];
  return [
    {
      source: "application log",
      by: "application",
      // The browser may have reported it as early as that.
      at: from,
      pixelId: null,
      eventId: null,
      result: "not-sent",
      unsettled: false,
      because: "the logs are whole since its payment, and nobody began to send it",
    },
  ];
}

/** When a sale's copy of this event id was accepted, by its logs. */
export function acceptedUnder(attempts: readonly LoggedAttempt[], eventId: string): Instant | null {
  const accepted = attempts.filter((one) => one.result === "accepted" && one.eventId === eventId);
  return accepted.length === 0 ? null : Math.min(...accepted.map((one) => one.acceptedAt ?? one.lastAt));
}
