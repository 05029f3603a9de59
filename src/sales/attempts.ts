import { foldedInto, inOrder } from "./click.js";
import type { Evidence, Trace } from "./evidence.js";
import type { Instant, Sale } from "./sale.js";
import { paidMoment } from "./sale.js";

/** The earliest moment at which anybody may have sent the sale. A flag set anew never makes it younger. */
export function firstAttempt(sale: Sale, evidence: Evidence): Instant | null {
  if (evidence.traces.length === 0 && evidence.flagTimes.length === 0) return paidMoment(sale);
  const seen = [...evidence.traces.map((trace) => trace.at), ...evidence.flagTimes];
  if (!evidence.complete || seen.length === 0) {
    const paid = paidMoment(sale);
    if (paid !== null) seen.push(paid);
  }
  return seen.length === 0 ? null : Math.min(...seen);
}

/** Our own attempt that may have arrived: without an answer, and without an acceptance of its very pixel and id. */
export function openAttempt(evidence: Evidence): Trace | undefined {
  if (evidence.traces.length === 0) return undefined;
  const isAnswered = (open: Trace) =>
    evidence.traces.some(({ result, eventId, pixelId }) => {
      const samePixel = pixelId === null || open.pixelId === null || pixelId === open.pixelId;
      return result === "accepted" && eventId !== null && eventId === open.eventId && samePixel;
    });
  return inOrder(evidence.traces).find((trace) => trace.unsettled && !isAnswered(trace));
}

/** An event id that evidence names, with where it went. */
export interface Mention {
  readonly eventId: string;
  readonly pixelId: string | null;
  readonly at: Instant;
}

/** Our earliest attempt, however it ended: an id once journalled stays the sale's. */
export function journalled(evidence: Evidence): Mention | undefined {
  const ours = evidence.traces.filter((trace) => trace.by === "purchase-fix");
  return inOrder(ours.flatMap(named))[0];
}

/** The application's own attempt whose event id is on record: one that may have arrived (or may yet) before one that did not. */
export function seenBefore(sale: Sale, evidence: Evidence): Mention | undefined {
  const told = evidence.traces.filter((trace) => trace.by === "application");
  const of = (rank: number) => told.filter((trace) => rankOf(sale, evidence, trace) === rank).flatMap(named);
  const live = evidence.live.map((task) => ({ ...task, at: task.seenAt })).flatMap(named);
  return [inOrder([...of(0), ...live]), inOrder(of(1)), inOrder(of(2))].flat()[0];
}

/** Less is more telling: it may have arrived, it was folded away, it never arrived. */
function rankOf(sale: Sale, evidence: Evidence, trace: Trace): 0 | 1 | 2 {
  if (trace.result === "refused" || trace.result === "not-sent") return 2;
  return trace.result === "accepted" && foldedInto(sale, evidence, trace) !== null ? 1 : 0;
}

/** The pixel of our own attempts, else of whatever names one. */
export function pixelOnRecord(evidence: Evidence): string | null {
  if (evidence.traces.length === 0 && evidence.live.length === 0) return null;
  const live = evidence.live.map(({ pixelId, eventId, seenAt }) => ({ pixelId, eventId, at: seenAt }));
  const ours = evidence.traces.filter((trace) => trace.by === "purchase-fix");
  const all = [...inOrder(ours), ...inOrder([...evidence.traces, ...live])];
  return all.find(({ pixelId }) => pixelId !== null)?.pixelId ?? null;
}

/** Nothing names one of several pixels: which one the application used cannot be told. */
export function pixelIsGuessed(sale: Sale, evidence: Evidence): boolean {
  if (sale.pools === null || sale.pools.length < 2) return false;
  if (pixelOnRecord(evidence) !== null) return false;
  return new Set(sale.pools.map((pool) => pool.pixelId)).size > 1;
}

function named({ eventId, pixelId, at }: Omit<Mention, "eventId"> & { eventId: string | null }): Mention[] {
  return eventId === null ? [] : [{ eventId, pixelId, at }];
}
