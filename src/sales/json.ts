import { causeOf } from "./causes.js";
import type { Outcome } from "./outcome.js";
import type { Left, Planned } from "./plan.js";
import type { Instant } from "./sale.js";
import { mostTelling } from "./telling.js";
import { iso } from "./time.js";
import type { Judged } from "./verdict.js";

/** Version of every JSON document. It grows when a field changes its meaning or goes; a new field does not change it. */
export const JSON_VERSION = 1;

/** A sale as the JSON documents show it. Fields are pinned by a test. */
export function saleJson(judged: Judged, currency: string) {
  const { sale, identity, obstacle, restraint } = judged;
  return {
    id: sale.id,
    paymentId: sale.paymentId,
    botName: sale.botName,
    amount: sale.amount,
    currency,
    createdAt: time(sale.createdAt),
    paidAt: time(sale.paidAt),
    flaggedAt: time(sale.flaggedAt),
    state: sale.metaEventId !== null ? "confirmed" : sale.flagged ? "stuck" : "reverted",
    verdict: judged.kind,
    obstacle: obstacle.kind,
    restraint: restraint.kind,
    because: because(judged),
    cause: causeOf(judged.evidence),
    eventId: identity.eventId,
    eventIdOrigin: identity.origin,
    pixelId: identity.pixelId,
    deadline: time(judged.deadline),
  };
}

/** The same with what weighed most in its verdict (`find-stuck --why`). */
export function saleWithWhyJson(judged: Judged, currency: string) {
  const why = mostTelling(judged);
  return { ...saleJson(judged, currency), why: why === null ? null : { ...why, at: iso(why.at) } };
}

/** The verdict's reason, and those of obstacle and restraint where there are any. */
export function because({ because: reason, obstacle, restraint, sale }: Judged): string {
  // Most have nothing to add: then it is one text for all sales that share it.
  if (sale.flagged && obstacle.kind === "none" && restraint.kind === "none") return reason;
  const state = sale.flagged ? "" : "reverted, not sent again; ";
  const why = obstacle.kind === "none" ? "" : `; ${obstacle.kind}: ${obstacle.because}`;
  return `${state}${reason}${why}${restraint.kind === "none" ? "" : `; ${restraint.because}`}`;
}

export function plannedJson({ action, judged, before, mayDouble }: Planned) {
  const { sale, identity } = judged;
  return {
    id: sale.id,
    action,
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
    restraint: judged.restraint.kind,
    because: reason,
    wouldAllow,
    needsPerson: person !== null,
  };
}

function time(instant: Instant | null): string | null {
  return instant === null ? null : iso(instant);
}
