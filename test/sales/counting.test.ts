import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Evidence, Sibling, Trace } from "../../src/sales/evidence.js";
import { makePlan } from "../../src/sales/plan.js";
import type { Planned } from "../../src/sales/plan.js";
import type { Instant, Sale } from "../../src/sales/sale.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import { attempt, click, evidence, judged, now, ours, policy, sale, wishes } from "../cast/sales.js";

/*
 * A world in small: the application's attempts with what really became of them, several runs of `resend` without any
 * flag, and Meta, which folds copies of one id within 48 h of the first. The core sees only rows and journal (and, in
 * some worlds, the log of what was queued); Meta's count is taken from the truth.
 */

/** A visit of the delivery page: the application sets the flag and queues a task, which may run more than once. */
interface Visit {
  readonly at: Instant;
  readonly copies: readonly { readonly at: Instant; readonly arrived: boolean }[];
}

interface Buyer {
  readonly id: number;
  readonly paidAt: Instant;
  readonly visits: readonly Visit[];
}

interface World {
  readonly click: "shared" | "own" | "none";
  readonly logged: boolean;
  readonly buyers: readonly Buyer[];
  /** Moments of the runs, and how each attempt of ours ends. */
  readonly runs: readonly {
    readonly at: Instant;
    readonly acceptDuplicate: boolean;
    readonly ends: readonly End[];
  }[];
}

/** How an attempt of ours really ends, and what the journal can know of it. */
const answers = {
  accepted: "accepted",
  "arrived, no answer": "unknown",
  "lost, no answer": "unknown",
  refused: "refused",
  "not-sent": "not-sent",
} as const;
type End = keyof typeof answers;

interface Arrival {
  readonly eventId: string;
  readonly at: Instant;
}

/** A copy of ours, and whether it was sent (arrived or not) on the operator's word that it may count twice. */
interface Ours extends Arrival {
  readonly sale: number;
  readonly arrived: boolean;
  readonly mayDouble: boolean;
}

/** Any span, and often one beside a limit. */
const hoursAndMinutes = (most: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: most * 60 }).map((minutes) => minutes * MINUTE),
    fc
      .constantFrom(...[0, 1, 16, 17, 30, 31, 40, 46, 47].filter((hours) => hours <= most))
      .map((h) => h * HOUR),
  );

/** How long after the payment, and how long after that the task ran: its own retries after a 429 last up to 17 h. */
const visit = fc.record({
  after: fc.oneof(fc.constant(0), hoursAndMinutes(60)),
  copies: fc.array(fc.record({ after: hoursAndMinutes(17), arrived: fc.boolean() }), { maxLength: 3 }),
});

type Draft = typeof visit extends fc.Arbitrary<infer T> ? T : never;

/** A stuck sale is visited in vain: no visit after the first run sends anything. */
function buyerOf(id: number, paidAt: Instant, visits: readonly Draft[]): Buyer {
  const before = visits
    .map(({ after, copies }) => ({ at: paidAt + after, copies }))
    .filter(({ at }) => at <= now)
    .map(({ at, copies }) => ({
      at,
      copies: copies.map(({ after, arrived }) => ({ at: at + after, arrived })),
    }));
  return { id, paidAt, visits: before.length > 0 ? before : [{ at: paidAt, copies: [] }] };
}

const world: fc.Arbitrary<World> = fc.record({
  click: fc.constantFrom("shared" as const, "shared" as const, "own" as const, "none" as const),
  logged: fc.boolean(),
  buyers: fc
    .array(
      fc.record({ before: hoursAndMinutes(60), visits: fc.array(visit, { minLength: 1, maxLength: 2 }) }),
      { minLength: 1, maxLength: 3 },
    )
    .map((list) => list.map(({ before, visits }, index) => buyerOf(index + 1, now - before, visits))),
  runs: fc
    .array(
      fc.record({
        after: hoursAndMinutes(30),
        acceptDuplicate: fc.boolean(),
        ends: fc.array(fc.constantFrom(...(Object.keys(answers) as End[])), { minLength: 3, maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((list) => {
      let at = now;
      return list.map(({ after, ...run }) => ({ at: (at += after), ...run }));
    }),
});

/** What the application really sent: the truth, of which the core sees next to nothing. */
function copiesOf({ buyers, click: kind }: World) {
  return buyers.flatMap((buyer) =>
    buyer.visits.flatMap((each) =>
      each.copies.map(({ at, arrived }) => {
        return { buyer, arrived, arrival: { eventId: theirId(kind, buyer, each), at } };
      }),
    ),
  );
}

/** All copies of one visit bear one id: that of the page view, or one made on the spot. */
function theirId(kind: World["click"], buyer: Buyer, { at }: Visit): string {
  return kind === "none" ? `purchase_${buyer.id}_${at}` : pageViewOf(kind, buyer);
}

const pageViewOf = (kind: "shared" | "own", { id }: Buyer) => (kind === "shared" ? click : `pageview_${id}`);

/** Purchases that Meta counts: copies of one id within 48 h of the first are one. */
function counted(arrivals: readonly Arrival[]): number {
  const windows = new Map<string, Instant>();
  let count = 0;
  for (const { eventId, at } of arrivals.toSorted((a, b) => a.at - b.at)) {
    const first = windows.get(eventId);
    if (first !== undefined && at - first < 48 * HOUR) continue;
    windows.set(eventId, at);
    count += 1;
  }
  return count;
}

/** Runs `resend` as often as the world says. Answers the copies that we sent. */
function resend(world: World): Ours[] {
  const journal = new Map<number, Trace[]>(world.buyers.map(({ id }) => [id, []]));
  const confirmed = new Map<number, string>();
  const copies: Ours[] = [];
  for (const { at, acceptDuplicate, ends } of world.runs) {
    const rows = world.buyers.map((buyer) => rowOf(world, buyer, confirmed.get(buyer.id) ?? null));
    const stuck = rows.filter((row) => row.metaEventId === null);
    const found = (row: Sale) => judged(row, evidenceOf(world, row, rows, journal, at), { at });
    const plan = makePlan("resend", stuck.map(found), wishes({ named: true, acceptDuplicate }), policy, at);
    const accepted = new Set<number>();
    for (const item of plan.act) {
      const { id } = item.judged.sale;
      if (waitsForCarrier(item, accepted)) continue;
      const end = ends[id - 1] ?? "accepted";
      const { eventId } = item.judged.identity;
      const arrived = end === "accepted" || end === "arrived, no answer";
      const open = end.endsWith("no answer");
      copies.push({ sale: id, mayDouble: item.mayDouble && (arrived || open), arrived, eventId, at });
      if (end === "accepted") {
        accepted.add(id);
        confirmed.set(id, eventId);
      }
      const result = answers[end];
      journal.get(id)?.push(ours({ at, eventId, result, unsettled: open }));
    }
  }
  return copies;
}

/** The rule of acting/sending.ts: a sale waits until its carrier was accepted. */
function waitsForCarrier({ judged: { identity }, mayDouble }: Planned, accepted: Set<number>): boolean {
  const { carrier } = identity;
  const waits = carrier !== null && carrier.acceptedAt === null && carrier.open && !mayDouble;
  return waits && !accepted.has(carrier.id);
}

function rowOf({ click: kind }: World, buyer: Buyer, metaEventId: string | null): Sale {
  const pageviewEventId = kind === "none" ? null : pageViewOf(kind, buyer);
  const flaggedAt = Math.max(...buyer.visits.map((each) => each.at));
  return sale({ id: buyer.id, paidAt: buyer.paidAt, flaggedAt, pageviewEventId, metaEventId });
}

function evidenceOf(
  world: World,
  row: Sale,
  rows: readonly Sale[],
  journal: ReadonlyMap<number, Trace[]>,
  at: Instant,
): Evidence {
  const own = journal.get(row.id) ?? [];
  const buyer = world.buyers.find(({ id }) => id === row.id);
  const told = (buyer?.visits ?? []).map((each) =>
    attempt({ at: each.at, eventId: buyer ? theirId(world.click, buyer, each) : null }),
  );
  const others = rows.filter((other) => other.id !== row.id && other.pageviewEventId === row.pageviewEventId);
  return evidence({
    traces: [...(world.logged ? told : []), ...own],
    siblings: row.pageviewEventId === null ? [] : others.map((other) => siblingOf(other, journal, at)),
    flagTimes: own.length === 0 || row.flaggedAt === null ? [] : [row.flaggedAt],
  });
}

/** As src/queries/evidence.ts reads it. */
function siblingOf(row: Sale, journal: ReadonlyMap<number, Trace[]>, at: Instant): Sibling {
  const own = journal.get(row.id) ?? [];
  const same = own.filter((trace) => trace.eventId === row.pageviewEventId);
  const paidAt = row.paidAt ?? 0;
  return {
    id: row.id,
    status: row.status,
    flagged: row.flagged,
    metaEventId: row.metaEventId,
    createdAt: row.createdAt,
    firstAttempt: Math.min(paidAt, ...own.map((trace) => trace.at)),
    lastAttempt: row.flaggedAt,
    acceptedAt: same.find((trace) => trace.result === "accepted")?.at ?? null,
    journalled: same.length > 0,
    open: row.metaEventId === null && at - paidAt < 47 * HOUR,
  };
}

describe("resend", () => {
  test("makes Meta count no more purchases than there are sales, but for those that --accept-duplicate named", () => {
    const sent = { safely: 0, twice: 0 };
    fc.assert(
      fc.property(world, (truth) => {
        const theirs = copiesOf(truth).filter(({ arrived }) => arrived);
        const ours = resend(truth);
        // Sales that share a click stand in for one another; all others are counted one by one.
        const groups = truth.click === "shared" ? [truth.buyers] : truth.buyers.map((buyer) => [buyer]);
        for (const group of groups) {
          const ids = new Set(group.map(({ id }) => id));
          const without = theirs.filter(({ buyer }) => ids.has(buyer.id)).map(({ arrival }) => arrival);
          const mine = ours.filter((copy) => ids.has(copy.sale));
          const accepted = mine.filter((copy) => copy.mayDouble).length;
          const most = Math.max(group.length, counted(without)) + accepted;
          expect(counted([...without, ...mine.filter((copy) => copy.arrived)])).toBeLessThanOrEqual(most);
          sent.safely += mine.length - accepted;
          sent.twice += accepted;
        }
      }),
      { numRuns: 3000 },
    );
    expect(sent.safely).toBeGreaterThan(1000);
    expect(sent.twice).toBeGreaterThan(500);
  });
});
