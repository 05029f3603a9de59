import { carrierOf, compare, foldedInto, isFolded, proofOfDelivery, wasAttempted } from "./click.js";
import type { Evidence, Sibling, Trace } from "./evidence.js";
import type { Instant, Pool, Sale } from "./sale.js";
import { paidMoment } from "./sale.js";

export { carrierOf, foldedInto, isFolded, mayHaveBeenSent } from "./click.js";

/** How sure we are that the earlier attempt bore this event id. `presumed` is treated as known (risk R1). */
export type Knowledge = "known" | "presumed" | "unknown";

export type Origin = "evidence" | "journal" | "pageview_event_id" | "purchase_id";

/** The event id and pixel that a send of this sale would bear, and where they come from. */
export interface Identity {
  readonly eventId: string;
  readonly origin: Origin;
  readonly knowledge: Knowledge;
  /** Null only where neither the shop nor the configuration names a pixel. */
  readonly pixelId: string | null;
  /** The pool whose token sends it; null in a shop without pools, or where no pool has that pixel. */
  readonly pool: Pool | null;
  /** From when Meta may have known this very id: the 47 hours count from here. */
  readonly since: Instant | null;
  /** The sale that carries the shared click's id in this one's place; null where this sale carries its own. */
  readonly carrier: Sibling | null;
}

/** The id that is ours alone: it cannot be mistaken for the application's `purchase_<id>_<seconds>`. */
export function ownEventId(sale: { readonly id: number }): string {
  return `purchase_${sale.id}`;
}

/** The earliest moment at which anybody may have sent the sale. A flag set anew never makes it younger. */
export function firstAttempt(sale: Sale, evidence: Evidence): Instant | null {
  const seen = [...evidence.traces.map((trace) => trace.at), ...evidence.flagTimes];
  if (!evidence.complete || seen.length === 0) {
    const paid = paidMoment(sale);
    if (paid !== null) seen.push(paid);
  }
  return seen.length === 0 ? null : Math.min(...seen);
}

/** Decides event id and pixel of a sale: the first rule that holds (docs/verdicts.md, "Which event id"). */
export function identify(sale: Sale, evidence: Evidence, fallbackPixelId: string | null): Identity {
  const { pixelId, ...choice } = choose(sale, evidence);
  return {
    ...choice,
    ...destination(sale, pixelId ?? pixelOnRecord(evidence), fallbackPixelId),
    since: since(sale, evidence, choice),
  };
}

type Choice = Pick<Identity, "eventId" | "origin" | "knowledge" | "carrier" | "pixelId">;

function choose(sale: Sale, evidence: Evidence): Choice {
  const own = ownEventId(sale);
  const shared = sale.pageviewEventId;
  const carrier = carrierOf(sale, evidence);
  const open = openAttempt(evidence);
  if (open?.eventId) return { ...open, eventId: open.eventId, origin: "journal", knowledge: "known", carrier };
  const proof = proofOfDelivery(sale, evidence);
  if (proof?.eventId) {
    const origin = proof.by === "purchase-fix" ? "journal" : "evidence";
    return { eventId: proof.eventId, pixelId: proof.pixelId, origin, knowledge: "known", carrier };
  }
  const seen = seenBefore(sale, evidence);
  const fromEvidence = (mention: Mention, of: Sibling | null): Choice => {
    const { eventId, pixelId } = mention;
    return { eventId, pixelId, origin: "evidence", knowledge: "known", carrier: of };
  };
  // Evidence that it never bore the click's id: nobody carries it in this sale's place.
  if (seen && seen.eventId !== shared) return fromEvidence(seen, null);
  if (carrier !== null || isFolded(sale, evidence))
    return { eventId: own, pixelId: null, origin: "purchase_id", knowledge: "known", carrier };
  if (seen) return fromEvidence(seen, carrier);
  const ours = inOrder(evidence.traces).find(({ by, eventId }) => by === "purchase-fix" && eventId !== null);
  if (ours?.eventId) {
    // What we sent ourselves says what the application's attempt bore only where we took its id over.
    const knowledge = ours.eventId === own ? "unknown" : ours.eventId === shared ? "presumed" : "known";
    return { eventId: ours.eventId, pixelId: ours.pixelId, origin: "journal", knowledge, carrier };
  }
  if (shared)
    return { eventId: shared, pixelId: null, origin: "pageview_event_id", knowledge: "presumed", carrier };
  return { eventId: own, pixelId: null, origin: "purchase_id", knowledge: "unknown", carrier };
}

/** Our own attempt that may have arrived: without an answer, and without an acceptance of its very pixel and id. */
export function openAttempt(evidence: Evidence): Trace | undefined {
  const isAnswered = (open: Trace) =>
    evidence.traces.some(({ result, eventId, pixelId }) => {
      const samePixel = pixelId === null || open.pixelId === null || pixelId === open.pixelId;
      return result === "accepted" && eventId !== null && eventId === open.eventId && samePixel;
    });
  return inOrder(evidence.traces).find((trace) => trace.unsettled && !isAnswered(trace));
}

interface Mention {
  readonly eventId: string;
  readonly pixelId: string | null;
  readonly at: Instant;
  /** Less is more telling: it may have arrived, it was folded away, it never arrived. */
  readonly rank: 0 | 1 | 2;
}

/** The application's own attempt whose event id is on record: one that may have arrived before one that did not. */
function seenBefore(sale: Sale, evidence: Evidence): Mention | undefined {
  const told = evidence.traces.filter(({ by }) => by === "application");
  const mentions = [
    ...told.map((trace) => ({ ...trace, rank: rankOf(sale, evidence, trace) })),
    ...evidence.live.map((task) => ({ ...task, at: task.seenAt, rank: 0 as const })),
  ];
  const named = mentions.flatMap(({ eventId, pixelId, at, rank }): Mention[] =>
    eventId === null ? [] : [{ eventId, pixelId, at, rank }],
  );
  return named.toSorted((a, b) => a.rank - b.rank || a.at - b.at || compare(a.eventId, b.eventId))[0];
}

function rankOf(sale: Sale, evidence: Evidence, trace: Trace): Mention["rank"] {
  if (trace.result === "refused" || trace.result === "not-sent") return 2;
  return trace.result === "accepted" && foldedInto(sale, evidence, trace) !== null ? 1 : 0;
}

/** Same id means same pixel and id: a pixel named by journal or evidence wins over the shop's present set-up. */
function destination(
  sale: Sale,
  named: string | null,
  fallback: string | null,
): Pick<Identity, "pixelId" | "pool"> {
  if (sale.pools === null) return { pixelId: named ?? fallback, pool: null };
  if (named === null) return { pixelId: sale.pools[0]?.pixelId ?? null, pool: sale.pools[0] ?? null };
  return { pixelId: named, pool: sale.pools.find((pool) => pool.pixelId === named) ?? null };
}

/** The pixel of our own attempts, else of whatever names one. */
function pixelOnRecord(evidence: Evidence): string | null {
  const traces = inOrder(evidence.traces).filter((trace) => trace.pixelId !== null);
  const ours = traces.find((trace) => trace.by === "purchase-fix");
  return (ours ?? traces[0] ?? evidence.live.find((task) => task.pixelId !== null))?.pixelId ?? null;
}

/** Nothing names one of several pixels: which one the application used cannot be told. */
export function pixelIsGuessed(sale: Sale, evidence: Evidence): boolean {
  if (pixelOnRecord(evidence) !== null) return false;
  return new Set((sale.pools ?? []).map((pool) => pool.pixelId)).size > 1;
}

/** An id of our own was never at Meta before we first sent it; any other may be as old as the first attempt of all who bear it. */
function since(sale: Sale, evidence: Evidence, choice: Pick<Identity, "eventId" | "carrier">): Instant | null {
  const starts = evidence.traces.filter((trace) => trace.eventId === choice.eventId).map((trace) => trace.at);
  if (choice.eventId === ownEventId(sale) && starts.length > 0) return Math.min(...starts);
  const others = choice.carrier === null ? [] : evidence.siblings.filter(wasAttempted);
  const all = [firstAttempt(sale, evidence), ...others.map((sibling) => sibling.firstAttempt)];
  return all.reduce((least, at) => (least === null || (at !== null && at < least) ? at : least), null);
}

function inOrder(traces: readonly Trace[]): Trace[] {
  return traces.toSorted((a, b) => a.at - b.at || compare(a.eventId, b.eventId));
}
