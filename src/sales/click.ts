import type { Evidence, Sibling, Trace } from "./evidence.js";
import type { Instant, Sale } from "./sale.js";

/*
 * Sales that bear one `pageview_event_id` are one event to Meta within 48 hours: exactly one of them may carry it.
 */

/**
 * The sibling that carries the shared click's id, or null where this sale does (or shares none): the earliest
 * acceptance, else the one journalled with it, else the oldest. Only sales that may have been sent are asked:
 * a pending one never was, and giving it the id would leave an earlier copy of this sale uncovered.
 */
export function carrierOf(sale: Sale, evidence: Evidence): Sibling | null {
  if (evidence.siblings.length === 0) return null;
  const shared = sale.pageviewEventId;
  const mine = evidence.traces.filter((trace) => trace.eventId === shared);
  const self = {
    acceptedAt: earliest(mine.filter((trace) => trace.result === "accepted")),
    journalled: mine.some((trace) => trace.by === "purchase-fix"),
    createdAt: sale.createdAt,
    id: sale.id,
  };
  // One pass and no list: of a click that 5,000 sales bear, each sale is asked about all the others.
  let first: Sibling | null = null;
  for (const sibling of evidence.siblings) {
    if (mayHaveBeenSent(sibling, shared) && carriesBefore(sibling, first ?? self) < 0) first = sibling;
  }
  return first;
}

type Bearer = Pick<Sibling, "acceptedAt" | "journalled" | "createdAt" | "id">;

function carriesBefore(a: Bearer, b: Bearer): number {
  return (
    (a.acceptedAt ?? Infinity) - (b.acceptedAt ?? Infinity) || // Infinity - Infinity is NaN: falsy, next rule
    Number(b.journalled) - Number(a.journalled) ||
    (a.createdAt ?? 0) - (b.createdAt ?? 0) ||
    a.id - b.id
  );
}

/** Meta folds within one pixel: a sale whose event can only have gone to another pixel shares nothing with this one. */
export function mayShareEvent({ pools }: Pick<Sale, "pools">, pixels: readonly string[] | null): boolean {
  if (pools === null || pixels === null || pixels.length === 0) return true;
  let namesAny = false;
  for (const { pixelId } of pools) {
    if (pixelId === null) continue;
    if (pixels.includes(pixelId)) return true;
    namesAny = true;
  }
  return !namesAny;
}

/** One that is confirmed under another id does not need the shared one, and leaves it to the others. */
export function mayHaveBeenSent(sibling: Sibling, shared: string | null): boolean {
  if (sibling.acceptedAt !== null) return true;
  if (sibling.metaEventId !== null) return sibling.metaEventId === shared;
  return wasAttempted(sibling);
}

/** The sales of its click that could still be counted in this one's place: under the event id that it is about to bear. */
export function rivalsOf(sale: Sale, evidence: Evidence, eventId: string): number[] {
  if (eventId !== sale.pageviewEventId) return [];
  return evidence.siblings.filter(({ metaEventId }) => metaEventId !== eventId).map(({ id }) => id);
}

/** A pending sale that nobody flagged was never sent, under whatever id. */
export function wasAttempted({ acceptedAt, metaEventId, status, flagged, journalled }: Sibling): boolean {
  return acceptedAt !== null || metaEventId !== null || status === "paid" || flagged || journalled;
}

/** Meta's own deduplication window, from its receipt of the first copy (Meta, "Server Event Parameters"). */
export const DEDUPLICATION = 48 * 60 * 60_000;

/** The sibling that had the id of this acceptance first, or null. */
export function foldedInto(sale: Sale, evidence: Evidence, trace: Trace): Sibling | null {
  if (trace.eventId === null || trace.eventId !== sale.pageviewEventId) return null;
  return (
    evidence.siblings.find(({ acceptedAt }) => {
      return acceptedAt !== null && acceptedAt < trace.at && trace.at - acceptedAt < DEDUPLICATION;
    }) ?? null
  );
}

/** The earliest acceptance that Meta counted for this very sale. */
export function proofOfDelivery(sale: Sale, evidence: Evidence): Trace | undefined {
  if (evidence.traces.length === 0) return undefined;
  const accepted = evidence.traces.filter((trace) => trace.result === "accepted");
  return inOrder(accepted).find((trace) => foldedInto(sale, evidence, trace) === null);
}

/**
 * Accepted, but only under an id that Meta had already accepted for another sale: counted once, for the other.
 * Not where an attempt under yet another id may have arrived, or may still: that one would count.
 */
export function isFolded(sale: Sale, evidence: Evidence): boolean {
  if (evidence.traces.length === 0) return false;
  const accepted = evidence.traces.filter((trace) => trace.result === "accepted");
  if (accepted.length === 0 || proofOfDelivery(sale, evidence) !== undefined) return false;
  const open = [...evidence.traces.filter((trace) => trace.result === "unknown"), ...evidence.live];
  return open.every(({ eventId }) => eventId === null || eventId === sale.pageviewEventId);
}

function earliest(traces: readonly Trace[]): Instant | null {
  return traces.length === 0 ? null : Math.min(...traces.map((trace) => trace.at));
}

/** By time; attempts of one moment by what they say, so that the order in which evidence was found changes nothing. */
export function inOrder<
  T extends { at: Instant; eventId: string | null; pixelId: string | null; by?: string },
>(list: readonly T[]): T[] {
  if (list.length < 2) return [...list];
  const words = ({ eventId, pixelId, by }: T) => `${eventId}|${pixelId}|${by}`;
  return list.toSorted((a, b) => a.at - b.at || (words(a) < words(b) ? -1 : words(a) > words(b) ? 1 : 0));
}
