import type { Outcome } from "./outcome.js";
import { total } from "./outcome.js";
import type { Left, Planned } from "./plan.js";
import type { Instant } from "./sale.js";
import { DAY } from "./sale.js";
import { iso } from "./time.js";
import type { Judged } from "./verdict.js";
import { verdictKinds } from "./verdict.js";

/** Version of every JSON document. It grows when a field changes its meaning or goes; a new field does not change it. */
export const JSON_VERSION = 1;

/** A sale as the JSON documents show it. Fields are pinned by a test. */
export function saleJson(judged: Judged, currency: string) {
  const { sale, identity, obstacle } = judged;
  return {
    id: sale.id,
    paymentId: sale.paymentId,
    botName: sale.botName,
    amount: sale.amount,
    currency,
    createdAt: time(sale.createdAt),
    paidAt: time(sale.paidAt),
    flaggedAt: time(sale.flaggedAt),
    state: sale.flagged ? "stuck" : "reverted",
    verdict: judged.kind,
    obstacle: obstacle.kind,
    because: because(judged),
    eventId: identity.eventId,
    eventIdOrigin: identity.origin,
    pixelId: identity.pixelId,
    deadline: time(judged.deadline),
  };
}

/** The verdict's reason, and the obstacle's where there is one. */
export function because({ because: reason, obstacle, sale }: Judged): string {
  const state = sale.flagged ? "" : "reverted, not sent again; ";
  return `${state}${reason}${obstacle.kind === "none" ? "" : `; ${obstacle.kind}: ${obstacle.because}`}`;
}

export function plannedJson({ judged, before, mayDouble }: Planned) {
  const { sale, identity } = judged;
  return {
    id: sale.id,
    verdict: judged.kind,
    because: judged.because,
    eventId: identity.eventId,
    eventIdOrigin: identity.origin,
    pixelId: identity.pixelId,
    before: Number.isFinite(before) ? iso(before) : null,
    mayDouble,
  };
}

export function outcomeJson({ judged, answer, effect, eventId, because: reason }: Outcome) {
  return { id: judged.sale.id, answer, effect, eventId, because: reason };
}

export function leftJson({ judged, because: reason, wouldAllow, person }: Left) {
  return {
    id: judged.sale.id,
    verdict: judged.kind,
    obstacle: judged.obstacle.kind,
    because: reason,
    wouldAllow,
    needsPerson: person !== null,
  };
}

/** Counts and money of a list of sales, by verdict and by deadline. */
export function totals(sales: readonly Judged[], now: Instant) {
  const soon = (limit: Instant | null) => limit !== null && limit > now && limit - now < DAY;
  const kinds = verdictKinds.map((kind) => [kind, sales.filter((judged) => judged.kind === kind)] as const);
  return {
    ...total(sales.map(({ sale }) => sale)),
    /** Meta takes their events for so long and no longer. */
    expiringWithin24h: sales.filter(({ expiresAt }) => soon(expiresAt)).length,
    /** And a second copy of these is folded into the first for so long. */
    foldingEndsWithin24h: sales.filter(({ foldedUntil }) => soon(foldedUntil)).length,
    byVerdict: Object.fromEntries(
      kinds.filter(([, list]) => list.length > 0).map(([kind, list]) => [kind, list.length]),
    ),
  };
}

function time(instant: Instant | null): string | null {
  return instant === null ? null : iso(instant);
}
