import { firstAttempt, journalled, openAttempt, pixelOnRecord, seenBefore } from "./attempts.js";
import { carrierOf, isFolded, proofOfDelivery, wasAttempted } from "./click.js";
import type { Evidence, Sibling } from "./evidence.js";
import type { Instant, Pool, Sale } from "./sale.js";

export { firstAttempt, pixelIsGuessed } from "./attempts.js";
export { carrierOf, foldedInto, isFolded, mayHaveBeenSent } from "./click.js";

/** How sure we are that the earlier attempt bore this event id. `presumed` is treated as known (risk R1). */
export type Knowledge = "known" | "presumed" | "unknown";

export type Origin = "evidence" | "journal" | "pageview_event_id" | "tracking" | "inferred" | "purchase_id";

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

/** Decides event id and pixel of a sale: the first rule that holds (docs/verdicts.md, "Which event id"). */
export function identify(
  sale: Sale,
  evidence: Evidence,
  fallbackPixelId: string | null,
  trustInferred = false,
): Identity {
  const choice = choose(sale, evidence, trustInferred);
  const { eventId, origin, knowledge, carrier } = choice;
  const { pixelId, pool } = destination(sale, choice.named ?? pixelOnRecord(evidence), fallbackPixelId);
  return { eventId, origin, knowledge, carrier, pixelId, pool, since: since(sale, evidence, choice) };
}

interface Choice extends Pick<Identity, "eventId" | "origin" | "knowledge" | "carrier"> {
  /** The pixel that the same record names. */
  readonly named: string | null;
}

function choose(sale: Sale, evidence: Evidence, trustInferred: boolean): Choice {
  const { traces, live, siblings } = evidence;
  // Most sales: without anything to weigh, the last rule is the only one (half the time of identifying them).
  if (traces.length === 0 && live.length === 0 && siblings.length === 0) {
    const { eventId, origin, knowledge } = ofTheApplication(sale, evidence, trustInferred);
    return { eventId, origin, knowledge, named: null, carrier: null };
  }
  const own = ownEventId(sale);
  const shared = sale.pageviewEventId;
  const carrier = carrierOf(sale, evidence);
  const open = openAttempt(evidence);
  if (open?.eventId) {
    return { eventId: open.eventId, named: open.pixelId, origin: "journal", knowledge: "known", carrier };
  }
  const proof = proofOfDelivery(sale, evidence);
  if (proof?.eventId) {
    const origin = proof.by === "purchase-fix" ? "journal" : "evidence";
    return { eventId: proof.eventId, named: proof.pixelId, origin, knowledge: "known", carrier };
  }
  const seen = seenBefore(sale, evidence);
  const ours = journalled(evidence);
  // An id of ours that is neither the click's nor our own was taken over from evidence that may be gone by now.
  const earlier = seen ?? (ours?.eventId === own || ours?.eventId === shared ? undefined : ours);
  const isCopy = isFolded(sale, evidence);
  if (earlier && !isCopy && (carrier === null || earlier.eventId !== shared)) {
    // An attempt that bore another id than the click's is nobody's copy: no sale carries it in this one's place.
    const { eventId, pixelId: named } = earlier;
    return { eventId, named, origin: seen ? "evidence" : "journal", knowledge: "known", carrier: null };
  }
  if (carrier !== null || isCopy) {
    return { eventId: own, named: null, origin: "purchase_id", knowledge: "known", carrier };
  }
  if (ours) {
    // Our own attempt tells what the application's bore only where we had taken the click's id.
    const knowledge = ours.eventId === own ? "unknown" : "presumed";
    return { eventId: ours.eventId, named: ours.pixelId, origin: "journal", knowledge, carrier };
  }
  return { ...ofTheApplication(sale, evidence, trustInferred), named: null, carrier };
}

/** What the application would have taken for event id: its tracking data come first, then the row; else it made one up. */
function ofTheApplication(
  sale: Sale,
  { trackedEventId: tracked }: Evidence,
  trustInferred: boolean,
): Pick<Choice, "eventId" | "origin" | "knowledge"> {
  const shared = sale.pageviewEventId;
  if (shared !== null && tracked !== null && shared !== tracked) {
    // A later click has overwritten one of them: which was there when the sale was sent cannot be told.
    return { eventId: shared, origin: "pageview_event_id", knowledge: "unknown" };
  }
  if (shared !== null)
    return {
      eventId: shared,
      origin: "pageview_event_id",
      knowledge: tracked === null ? "presumed" : "known",
    };
  if (tracked !== null) return { eventId: tracked, origin: "tracking", knowledge: "presumed" };
  const inferred = trustInferred ? inferredId(sale) : null;
  if (inferred !== null) return { eventId: inferred, origin: "inferred", knowledge: "presumed" };
  return { eventId: ownEventId(sale), origin: "purchase_id", knowledge: "unknown" };
}

/** The id that the application makes up bears the second in which it does, right after it has set the flag. */
export function inferredId({ id, flaggedAt }: Sale): string | null {
  return flaggedAt === null ? null : `purchase_${id}_${Math.floor(flaggedAt / 1000)}`;
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

/** An id of our own was never at Meta before we first sent it; any other may be as old as the first attempt of all who bear it. */
function since(
  sale: Sale,
  evidence: Evidence,
  { eventId, carrier }: Pick<Choice, "eventId" | "carrier">,
): Instant | null {
  if (evidence.traces.length === 0 && evidence.siblings.length === 0) return firstAttempt(sale, evidence);
  const starts = evidence.traces.filter((trace) => trace.eventId === eventId).map((trace) => trace.at);
  if (eventId === ownEventId(sale) && starts.length > 0) return Math.min(...starts);
  let least = firstAttempt(sale, evidence);
  for (const sibling of carrier === null ? [] : evidence.siblings) {
    const at = sibling.firstAttempt;
    if (at !== null && (least === null || at < least) && wasAttempted(sibling)) least = at;
  }
  return least;
}
