import type { Evidence, LiveTask, Sibling, Trace } from "../../src/sales/evidence.js";
import { noEvidence } from "../../src/sales/evidence.js";
import type { Wishes } from "../../src/sales/plan.js";
import { noWishes } from "../../src/sales/plan.js";
import type { Pool, Sale } from "../../src/sales/sale.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import type { Judged, Policy } from "../../src/sales/verdict.js";
import { defaultPatience, judge } from "../../src/sales/verdict.js";

/*
 * The cast of the tests of the pure core: plain objects with overrides. Who is who:
 *
 * Ana paid two hours ago and is stuck; her page view's id is known to the row.
 * Bia paid when Ana did, and no page view is known.
 * Caio bought the upsell after Ana, so that he bears her click's id.
 */

/** The moment at which every test judges. */
export const now = Date.UTC(2025, 10, 20, 15, 0);
export const hoursAgo = (hours: number) => now - hours * HOUR;

export const pixel = "1001";
export const otherPixel = "2002";
/** The id of the click that Ana and Caio share. */
export const click = "pageview_3f";

export const policy: Policy = { pixelId: null, noBrowserPixel: false, ...defaultPatience };

export function pool(differing: Partial<Pool> = {}): Pool {
  return {
    id: 1,
    name: "main",
    slug: "main",
    pixelId: pixel,
    hasToken: true,
    trackingEnabled: true,
    purchaseEnabled: true,
    testEventCode: null,
    ...differing,
  };
}

/** A sale that was flagged a minute after it was paid. */
export function sale(differing: Partial<Sale> = {}): Sale {
  const paidAt = differing.paidAt === undefined ? hoursAgo(2) : differing.paidAt;
  return {
    id: 7,
    paymentId: `BOT19_${differing.id ?? 7}`,
    botId: 19,
    botName: "shop",
    botUsername: "shop_bot",
    status: "paid",
    amount: "97.00",
    createdAt: paidAt,
    paidAt,
    updatedAt: paidAt,
    flagged: true,
    flaggedAt: paidAt === null ? null : paidAt + MINUTE,
    mark: { flaggedAt: "2025-11-20 10:01:00", amount: "97" },
    metaEventId: null,
    pageviewEventId: null,
    sentFromDelivery: null,
    pools: [pool()],
    ...differing,
  };
}

export const ana = (differing: Partial<Sale> = {}) => sale({ id: 7, pageviewEventId: click, ...differing });
export const bia = (differing: Partial<Sale> = {}) => sale({ id: 8, ...differing });
export const caio = (differing: Partial<Sale> = {}) =>
  sale({ id: 9, pageviewEventId: click, paidAt: hoursAgo(1), ...differing });

/** Ana as Caio's evidence shows her: stuck, older, and able to carry the click. */
export function anaBesideHim(differing: Partial<Sibling> = {}): Sibling {
  return {
    id: 7,
    status: "paid",
    flagged: true,
    metaEventId: null,
    createdAt: hoursAgo(2),
    firstAttempt: hoursAgo(2),
    acceptedAt: null,
    journalled: false,
    open: true,
    ...differing,
  };
}

/** Caio as Ana's evidence shows him. */
export const caioBesideHer = (differing: Partial<Sibling> = {}) =>
  anaBesideHim({ id: 9, createdAt: hoursAgo(1), firstAttempt: hoursAgo(1), ...differing });

/** An attempt of the application that a log tells of; nobody saw how it ended. */
export function attempt(differing: Partial<Trace> = {}): Trace {
  return {
    source: "application log",
    by: "application",
    at: hoursAgo(2),
    pixelId: null,
    eventId: null,
    result: "unknown",
    unsettled: false,
    because: "queued, and no more was heard",
    ...differing,
  };
}

/** An attempt of our own that Meta answered. */
export function ours(differing: Partial<Trace> = {}): Trace {
  return attempt({
    source: "journal",
    by: "purchase-fix",
    at: hoursAgo(1),
    pixelId: pixel,
    eventId: click,
    result: "not-sent",
    because: "on record",
    ...differing,
  });
}

/** An attempt of our own without an answer. */
export const oursOpen = (differing: Partial<Trace> = {}) =>
  ours({ result: "unknown", unsettled: true, because: "no answer came", ...differing });

/** Meta's acceptance of the click's id, as a log tells it. */
export const accepted = attempt({ result: "accepted", eventId: click, because: "Meta received it" });

/** Caio, whose copy of the click's id Meta took half an hour after Ana's; `more` are further attempts of his. */
export const caioFolded = (...more: Trace[]) =>
  judged(
    caio(),
    evidence({
      traces: [{ ...accepted, at: hoursAgo(0.5) }, ...more],
      siblings: [anaBesideHim({ acceptedAt: hoursAgo(1) })],
    }),
  );

export function task(differing: Partial<LiveTask> = {}): LiveTask {
  return {
    source: "broker",
    state: "queued",
    eventId: click,
    pixelId: pixel,
    seenAt: now,
    runsBy: null,
    ...differing,
  };
}

export const evidence = (differing: Partial<Evidence> = {}): Evidence => ({ ...noEvidence, ...differing });

/** Evidence of these attempts and of no others: they cover everything since the payment. */
export const allOf = (...traces: Trace[]) => evidence({ traces, complete: true });

/** The sale, judged at `now` under the usual policy. */
export function judged(
  who: Sale,
  found: Evidence = noEvidence,
  {
    fault = null,
    at = now,
    under = {},
  }: { fault?: string | null; at?: number; under?: Partial<Policy> } = {},
): Judged {
  return judge(who, found, { fault }, { ...policy, ...under }, at);
}

export const wishes = (differing: Partial<Wishes> = {}): Wishes => ({ ...noWishes, ...differing });
