import type { Evidence, Sibling, Trace } from "./evidence.js";
import type { Instant, Pool, Sale } from "./sale.js";
import { paidMoment } from "./sale.js";

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
  const ours = evidence.traces.filter((trace) => trace.by === "purchase-fix" && trace.eventId !== null);
  const open = ours.find((trace) => trace.unsettled);
  const journalled = open ?? ours[0];
  const seen = evidence.traces.find((trace) => trace.by === "application" && trace.eventId !== null);
  const carrier = carrierOf(sale, evidence);
  const own = ownEventId(sale);
  const [eventId, origin, knowledge]: [string, Origin, Knowledge] =
    journalled?.eventId && (open || journalled.eventId === own)
      ? [journalled.eventId, "journal", "known"]
      : carrier !== null || isFolded(sale, evidence)
        ? [own, "purchase_id", "known"]
        : seen?.eventId
          ? [seen.eventId, "evidence", "known"]
          : journalled?.eventId
            ? [journalled.eventId, "journal", "known"]
            : sale.pageviewEventId
              ? [sale.pageviewEventId, "pageview_event_id", "presumed"]
              : [own, "purchase_id", "unknown"];
  const named = (journalled ?? seen)?.pixelId ?? null;
  return {
    eventId,
    origin,
    knowledge,
    ...destination(sale, named, fallbackPixelId),
    since: since(),
    carrier,
  };

  /** An id of our own was never at Meta before we first sent it; any other may be as old as the first attempt of all who bear it. */
  function since(): Instant | null {
    const starts = evidence.traces.filter((trace) => trace.eventId === own).map((trace) => trace.at);
    if (eventId === own && starts.length > 0) return Math.min(...starts);
    const all = [
      firstAttempt(sale, evidence),
      ...(carrier ? evidence.siblings.map((s) => s.firstAttempt) : []),
    ];
    return all.reduce((least, at) => (least === null || (at !== null && at < least) ? at : least), null);
  }
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

/** Nothing names one of several pixels: which one the application used cannot be told. */
export function pixelIsGuessed(sale: Sale, evidence: Evidence): boolean {
  if (evidence.traces.some((trace) => trace.pixelId !== null)) return false;
  return new Set((sale.pools ?? []).map((pool) => pool.pixelId)).size > 1;
}

/**
 * The sibling that carries the shared click's id, or null where this sale does (or shares none): the earliest
 * acceptance, else the one journalled with it, else the oldest. Only sales that may have been sent are asked:
 * a pending one never was, and giving it the id would leave an earlier copy of this sale uncovered.
 */
export function carrierOf(sale: Sale, evidence: Evidence): Sibling | null {
  const shared = sale.pageviewEventId;
  const rivals = evidence.siblings.filter((sibling) => mayHaveBeenSent(sibling, shared));
  if (rivals.length === 0) return null;
  const mine = evidence.traces.filter((trace) => trace.eventId === shared);
  const self = {
    acceptedAt: earliest(mine.filter((trace) => trace.result === "accepted")),
    journalled: mine.some((trace) => trace.by === "purchase-fix"),
    createdAt: sale.createdAt,
    id: sale.id,
  };
  const first = [self, ...rivals].toSorted(
    (a, b) =>
      (a.acceptedAt ?? Infinity) - (b.acceptedAt ?? Infinity) || // Infinity - Infinity is NaN: falsy, next rule
      Number(b.journalled) - Number(a.journalled) ||
      (a.createdAt ?? 0) - (b.createdAt ?? 0) ||
      a.id - b.id,
  )[0];
  return rivals.find((rival) => rival === first) ?? null;
}

/** One that is confirmed under another id does not need the shared one, and leaves it to the others. */
export function mayHaveBeenSent(sibling: Sibling, shared: string | null): boolean {
  if (sibling.acceptedAt !== null) return true;
  if (sibling.metaEventId !== null) return sibling.metaEventId === shared;
  return sibling.status === "paid" || sibling.flagged || sibling.journalled;
}

/** Meta's own deduplication window, from its receipt of the first copy (Meta, "Handling duplicate events"). */
const DEDUPLICATION = 48 * 60 * 60_000;

/** Accepted, but only under an id that Meta had already accepted for another sale: counted once, for the other. */
export function isFolded(sale: Sale, evidence: Evidence): boolean {
  const accepted = evidence.traces.filter((trace) => trace.result === "accepted");
  return accepted.length > 0 && accepted.every((trace) => foldedInto(sale, evidence, trace) !== null);
}

/** The sibling that had the id of this acceptance first, or null. */
export function foldedInto(sale: Sale, evidence: Evidence, trace: Trace): Sibling | null {
  if (trace.eventId === null || trace.eventId !== sale.pageviewEventId) return null;
  return (
    evidence.siblings.find(({ acceptedAt }) => {
      return acceptedAt !== null && acceptedAt < trace.at && trace.at - acceptedAt < DEDUPLICATION;
    }) ?? null
  );
}

function earliest(traces: readonly Trace[]): Instant | null {
  return traces.length === 0 ? null : Math.min(...traces.map((trace) => trace.at));
}
