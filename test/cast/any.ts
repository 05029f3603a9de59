import fc from "fast-check";
import type { Evidence, LiveTask, Sibling, Trace } from "../../src/sales/evidence.js";
import type { Sale } from "../../src/sales/sale.js";
import { HOUR } from "../../src/sales/sale.js";
import { anaBesideHim, attempt, click, evidence, now, otherPixel, pixel, pool, sale, task } from "./sales.js";

/*
 * Sales and evidence of all kinds, for property tests. Few ids, pixels and times, so that they meet each other often.
 */

const hours = fc.constantFrom(0, 1, 2, 16, 17, 18, 30, 31, 46, 47, 48, 49, 100, 167, 168, 200);
const moment = hours.map((ago) => now - ago * HOUR);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const eventId = maybe(fc.constantFrom(click, "purchase_7", "purchase_7_1", "purchase_7_2"));
const pixelId = maybe(fc.constantFrom(pixel, otherPixel));

export const anySale: fc.Arbitrary<Sale> = fc
  .record({
    paidAt: maybe(moment),
    createdAt: maybe(moment),
    flaggedAt: maybe(moment),
    flagged: fc.boolean(),
    pageviewEventId: maybe(fc.constant(click)),
    sentFromDelivery: maybe(fc.boolean()),
    amount: maybe(fc.constantFrom("97.00", "10.00", "NaN")),
    pools: fc.constantFrom(
      null,
      [],
      [pool()],
      [pool(), pool({ id: 2 })],
      [pool(), pool({ id: 2, pixelId: otherPixel })],
    ),
  })
  .map((differing) => sale(differing));

export const anyTrace: fc.Arbitrary<Trace> = fc
  .record({
    by: fc.constantFrom("application" as const, "purchase-fix" as const),
    at: moment,
    pixelId,
    eventId,
    result: fc.constantFrom("accepted" as const, "refused" as const, "not-sent" as const, "unknown" as const),
  })
  .map((trace) =>
    attempt({ ...trace, unsettled: trace.by === "purchase-fix" && trace.result === "unknown" }),
  );

const anyTask: fc.Arbitrary<LiveTask> = fc.record({ eventId, pixelId, seenAt: moment }).map(task);

export const anySibling: fc.Arbitrary<Sibling> = fc
  .record({
    status: fc.constantFrom("paid", "pending", "failed"),
    flagged: fc.boolean(),
    metaEventId: maybe(fc.constantFrom(click, "purchase_9")),
    createdAt: maybe(moment),
    firstAttempt: maybe(moment),
    acceptedAt: maybe(moment),
    journalled: fc.boolean(),
    open: fc.boolean(),
  })
  .map((differing) => anaBesideHim({ ...differing, id: 9 }));

export const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    traces: fc.array(anyTrace, { maxLength: 4 }),
    live: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(anyTask, { maxLength: 2 })),
    siblings: fc
      .array(anySibling, { maxLength: 2 })
      .map((list) => list.map((sibling, index) => ({ ...sibling, id: 9 + index }))),
    complete: fc.boolean(),
    noTaskLives: fc.boolean(),
    flagTimes: fc.array(moment, { maxLength: 1 }),
    reverted: fc.boolean(),
    refused: maybe(fc.constant("100/2804050")),
  })
  .map(evidence);

/** The same facts, found in another order. */
export function shuffled(found: Evidence): fc.Arbitrary<Evidence> {
  const mixed = <T>(list: readonly T[]) =>
    fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
  return fc
    .record({ traces: mixed(found.traces), live: mixed(found.live), siblings: mixed(found.siblings) })
    .map((order) => ({ ...found, ...order }));
}
