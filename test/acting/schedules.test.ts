import fc from "fast-check";
import { expect, test } from "vitest";
import { resend } from "../../src/commands/resend.js";
import type { Reply, Script } from "../cast/doubles.js";
import { accepted, lost, openWorld, options, refused, short, unreached } from "../cast/doubles.js";
import { pool } from "../cast/sales.js";

const hour = 3_600_000;

/** What Meta does with one request, by its size: everything that the field has seen. */
const reply: fc.Arbitrary<(size: number) => Reply> = fc.oneof(
  fc.constant((size: number) => accepted(size)),
  fc.double({ min: 0, max: 1, noNaN: true }).map((part) => (size: number) => lost(Math.round(part * size))),
  fc.constant((size: number) => short(size - 1)),
  fc.constant(() => unreached()),
  fc
    .constantFrom(
      "event" as const,
      "request" as const,
      "credentials" as const,
      "transient" as const,
      "policy" as const,
    )
    .map((scope) => () => refused(scope, { subcode: 2804009 })),
  fc.integer({ min: 1, max: 90 }).map((minutes) => () => refused("rate", { waitMs: minutes * 60_000 })),
);

interface Draft {
  readonly hoursAgo: number;
  readonly page: string | null;
  readonly pixel: number;
  readonly arrived: boolean;
}

const draft: fc.Arbitrary<Draft> = fc.record({
  hoursAgo: fc.integer({ min: 1, max: 200 }),
  page: fc.constantFrom("own", "shared", null),
  pixel: fc.integer({ min: 1, max: 2 }),
  arrived: fc.boolean(),
});

function populate(drafts: readonly Draft[]) {
  const world = openWorld();
  const sales = drafts.map(({ hoursAgo, page, pixel, arrived }, at) => {
    const id = at + 1;
    const paidAt = world.clock.now() - hoursAgo * hour;
    const pageviewEventId = page === "own" ? `pageview_${id}` : page === null ? null : "pageview_shared";
    const pools = [pool({ id: pixel, pixelId: `${pixel}00${pixel}` })];
    world.shop.insert({
      id,
      paidAt,
      createdAt: paidAt,
      flaggedAt: paidAt,
      updatedAt: paidAt,
      pageviewEventId,
      pools,
    });
    const eventId = pageviewEventId ?? `purchase_${id}_${paidAt}`;
    if (arrived) world.graph.receive(id, `${pixel}00${pixel}`, eventId, paidAt);
    return { id, arrived };
  });
  return { world, sales };
}

test("whatever Meta answers, and however often we run: nothing is counted twice, and every row and request is accounted for", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(draft, { minLength: 1, maxLength: 8 }),
      fc.array(reply, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 }),
      async (drafts, replies, pauses) => {
        const { world, sales } = populate(drafts);
        const script: Script = ({ sales: sent }) => (replies.shift() ?? accepted)(sent.length);
        world.graph.script = script;
        for (const pause of pauses) {
          await resend(world.context(), options({ maxRuntimeMs: 3 * hour }));
          world.clock.pass(pause * hour);
        }
        replies.length = 0;
        await resend(world.context(), options());

        expect(world.graph.unclaimed, "every event that left was on record").toEqual([]);
        const asked = world.graph.requests.reduce((sum, request) => sum + request.sales.length, 0);
        expect(world.shop.journal, "one entry per sale and request").toHaveLength(asked);
        expect(world.shop.journal.filter(({ settledAt }) => settledAt === null)).toEqual([]);
        // Of sales that share a click the count comes out right; which of them it is booked on may differ (risk R2).
        const shared = sales.filter((_, at) => drafts[at]?.page === "shared").map(({ id }) => id);
        const groups = [shared, ...sales.filter(({ id }) => !shared.includes(id)).map(({ id }) => [id])];
        for (const group of groups) {
          expect(
            world.graph.countOf(...group),
            `sales ${group.join()}: counted once each, at most`,
          ).toBeLessThanOrEqual(group.length);
        }
        for (const { id } of sales) {
          const row = world.shop.read(id);
          expect(row.flagged, `sale ${id} is confirmed or kept, never given back unasked`).toBe(true);
          if (row.metaEventId === null) continue;
          const has = world.graph.ledger.some((entry) => entry.eventId === row.metaEventId);
          expect(has, `sale ${id} is confirmed only with what Meta has`).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});
