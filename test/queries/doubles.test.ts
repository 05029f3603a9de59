import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type {
  Attempts,
  EvidenceReader,
  Lease,
  RunRecord,
  Runs,
  SalesReader,
  Settlement,
} from "../../src/ports.js";
import { LeaseLost } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { World } from "../cast/doubles.js";
import { openWorld } from "../cast/doubles.js";
import type { Product } from "../cast/product.js";
import { claimOf, newRun, openProduct, settlementOf } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

/*
 * The tests of the acting path run over doubles of the ports. Here the doubles and PostgreSQL are told the same stories,
 * and must answer the same.
 */

const hour = 3_600_000;
const sales = [1, 2, 3] as const;
const saleId = fc.constantFrom(...sales);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("claim" as const),
      sales: fc.subarray([...sales], { minLength: 1 }),
      stale: fc.boolean(),
      late: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      answer: fc.constantFrom(
        "accepted" as const,
        "refused" as const,
        "unconfirmed" as const,
        "not-sent" as const,
      ),
      revert: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("revert" as const), sale: saleId, stale: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("confirm" as const), sale: saleId, stale: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("application" as const),
      sale: saleId,
      deed: fc.constantFrom(
        "refund" as const,
        "pay" as const,
        "clear" as const,
        "flag anew" as const,
        "confirm" as const,
        "unconfirm" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("next run" as const),
      command: fc.constantFrom("resend", "revert"),
      loser: fc.boolean(),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The change of a row, with the moment of a new flag. */
const deeds = {
  refund: { status: "refunded" },
  pay: { status: "paid" },
  clear: { flagged: false, flaggedAt: null },
  confirm: { metaEventId: "pageview_x" },
  unconfirm: { metaEventId: null },
} as const;

/** One of the two shops. */
interface Side {
  readonly ports: {
    readonly attempts: Attempts;
    readonly runs: Runs;
    readonly sales: SalesReader;
    readonly evidence: EvidenceReader;
  };
  record(command: string): RunRecord;
  now(): Promise<number>;
  read(id: number): Promise<Sale>;
  write(
    id: number,
    change: Partial<Pick<Sale, "status" | "flagged" | "flaggedAt" | "metaEventId">>,
  ): Promise<void>;
  /** Whoever holds the lease has let it expire. */
  expire(): Promise<void>;
}

/** Tells a side a story, and what it answered to each step: without what two clocks and two counters tell differently. */
async function tell(side: Side, story: readonly Step[]): Promise<unknown[]> {
  const { attempts, runs } = side.ports;
  const first = await Promise.all(sales.map((id) => side.read(id)));
  const read = async (id: number, stale: boolean) => (stale ? (first[id - 1] as Sale) : await side.read(id));
  const begin = async (command: string): Promise<Lease> => {
    const got = await runs.acquire(side.record(command), 3 * hour);
    if ("holder" in got) throw new Error("the lease is not free");
    return got.lease;
  };
  let lease = await begin("resend");
  let open: string[] = [];
  const answers: unknown[] = [];
  for (const [index, one] of story.entries()) {
    const answer = await take(one, index).catch((error: unknown) => {
      if (error instanceof LeaseLost) return "lease lost";
      throw error;
    });
    answers.push(answer, ...(await Promise.all(sales.map(async (id) => shown(await side.read(id))))));
  }
  const now = await side.now();
  const found = await side.ports.evidence.about(await Promise.all(sales.map((id) => side.read(id))), now);
  answers.push(...sales.map((id) => evidenceShown(found.get(id))));
  answers.push((await side.ports.sales.stuck({ since: 0, until: null })).map(({ id }) => id));
  await side.expire();
  return answers;

  async function take(one: Step, index: number): Promise<unknown> {
    if (one.do === "claim") {
      const before = one.late ? (await side.now()) - 1 : Infinity;
      const asked = await Promise.all(one.sales.map((id) => read(id, one.stale)));
      const claimed = await attempts.claim(
        lease,
        asked.map((sale) => claimOf(sale, { before, takeBack: !sale.flagged })),
      );
      open = claimed.map(({ attempt }) => attempt);
      return claimed.map(({ saleId: id, flaggedAt }) => [id, flaggedAt === null]);
    }
    if (one.do === "settle") {
      const { answer, revert } = one;
      // What acting/sending.ts can ask for: only what certainly did not arrive is given back.
      const differing: Partial<Settlement> = {
        answer,
        revert: revert && (answer === "refused" || answer === "not-sent"),
      };
      const written = await attempts.settle(
        lease,
        open.map((attempt) => settlementOf(attempt, { ...differing, because: answer })),
      );
      return written.map(writtenShown).toSorted();
    }
    if (one.do === "revert") {
      const { mark } = await read(one.sale, one.stale);
      return (await attempts.revert(lease, [{ saleId: one.sale, mark }])).map(writtenShown);
    }
    if (one.do === "confirm") {
      return (await attempts.confirm(lease, [claimOf(await read(one.sale, one.stale))])).map(writtenShown);
    }
    if (one.do === "application") {
      const anew = { flagged: true, flaggedAt: (await side.now()) - hour + index };
      return await side.write(one.sale, one.deed === "flag anew" ? anew : deeds[one.deed]);
    }
    await side.expire();
    const next = await begin(one.command);
    if (!one.loser) lease = next;
    return one.command;
  }
}

const shown = ({ status, flagged, flaggedAt, metaEventId, mark }: Sale) => {
  return { status, flagged, timeless: flaggedAt === null, metaEventId, unmarked: mark.flaggedAt === null };
};

const writtenShown = ({
  saleId: id,
  effect,
  xid,
  flagged,
  flaggedAt,
  metaEventId,
}: Awaited<ReturnType<Attempts["settle"]>>[number]) =>
  JSON.stringify([id, effect, xid === null, flagged, flaggedAt === null, metaEventId]);

function evidenceShown(
  evidence: Awaited<ReturnType<EvidenceReader["about"]>> extends Map<number, infer E> ? E | undefined : never,
) {
  return {
    traces: evidence?.traces.map(({ result, unsettled, eventId, pixelId }) => [
      result,
      unsettled,
      eventId,
      pixelId,
    ]),
    siblings: evidence?.siblings.map(({ id, open, journalled, acceptedAt, lastAttempt }) => {
      return [id, open, journalled, acceptedAt === null, (lastAttempt ?? null) === null];
    }),
    flags: evidence?.flagTimes.length,
    reverted: evidence?.reverted,
    refused: evidence?.refused,
  };
}

let db: ShopDatabase;
let product: Product;

beforeAll(async () => {
  db = await shopDatabase("doubles");
  await insertBot(db.witness, { id: 1 });
  product = openProduct(db);
  await product.runs.prepare();
});

afterAll(async () => {
  await product?.close();
  await db?.close();
});

/** Two sales of one click and one of its own, in both shops. */
const clicks: readonly string[] = ["pageview_a", "pageview_a", "pageview_c"];

async function inPostgres(): Promise<Side> {
  await db.query("truncate payments, purchase_fix.attempt, purchase_fix.lease, purchase_fix.run cascade");
  for (const id of sales)
    await insertSale(db.witness, {
      id,
      botId: 1,
      pageviewEventId: clicks[id - 1] ?? null,
      paidHoursAgo: 9 - id,
    });
  const column = {
    status: "status",
    flagged: "meta_purchase_sent",
    flaggedAt: "meta_purchase_sent_at",
    metaEventId: "meta_event_id",
  };
  const { attempts, runs, evidence } = product;
  return {
    ports: { attempts, runs, evidence, sales: product.sales },
    record: (command) => newRun(command),
    now: () => product.sales.now(),
    read: (id) => product.sale(id),
    write: async (id, change) => {
      for (const [name, value] of Object.entries(change)) {
        const text =
          name === "flaggedAt" && value !== null
            ? "to_timestamp($2::float8 / 1000) at time zone 'America/Sao_Paulo'"
            : "$2";
        await db.query(`update payments set ${column[name as keyof typeof column]} = ${text} where id = $1`, [
          id,
          value,
        ]);
      }
    },
    expire: async () => void (await db.query("update purchase_fix.lease set expires_at = clock_timestamp()")),
  };
}

function inMemory(): Side {
  const world: World = openWorld();
  const { shop, clock } = world;
  for (const id of sales)
    shop.insert({ id, pageviewEventId: clicks[id - 1] ?? null, paidAt: clock.now() - (9 - id) * hour });
  const { attempts, runs, evidence, sales: reader } = world.context();
  return {
    ports: { attempts, runs, evidence, sales: reader },
    record: (command) => newRun(command),
    now: () => Promise.resolve(clock.now()),
    read: async (id) => await Promise.resolve(shop.read(id)),
    write: async (id, change) => await Promise.resolve(shop.write(id, change)),
    expire: async () => {
      if (shop.lease) shop.lease.expiresAt = clock.now();
      await Promise.resolve();
    },
  };
}

test("the doubles of the ports answer as PostgreSQL does", async () => {
  const seen = { "lease lost": 0, claimed: 0, confirmed: 0, reverted: 0, overtaken: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (story) => {
      const real = await tell(await inPostgres(), story);
      expect(await tell(inMemory(), story)).toEqual(real);
      const text = JSON.stringify(real);
      for (const word of Object.keys(seen) as (keyof typeof seen)[]) if (text.includes(word)) seen[word] += 1;
      if (/\[\[\d,(true|false)\]/.test(text)) seen.claimed += 1;
    }),
    { numRuns: 60 },
  );
  for (const [kind, count] of Object.entries(seen)) expect(count, kind).toBeGreaterThan(2);
});
