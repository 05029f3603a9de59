import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KnownError } from "../../src/errors.js";
import type { Lease } from "../../src/ports.js";
import { LeaseLost } from "../../src/ports.js";
import { schemaSql } from "../../src/queries/journal-schema.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, newRun, openProduct, settlementOf } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;

beforeEach(async () => {
  db = await shopDatabase("runs");
  await insertBot(db.witness, { id: 1 });
  product = openProduct(db);
});

afterEach(async () => {
  await product?.close();
  await db?.close();
});

const schema = async () =>
  await db.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'purchase_fix'::regnamespace and relkind in ('r', 'i') order by 1",
  );
const exists = async () =>
  (await db.query("select from pg_namespace where nspname = 'purchase_fix'")).length === 1;

/** Another role's way to the same database; the role goes with the test. */
async function asRole(grants: string, work: (product: Product) => Promise<void>): Promise<void> {
  const role = `role_${db.name}`;
  await db.query(
    `create role ${role} login; grant select on all tables in schema public to ${role}; ${grants.replaceAll("$role", role)}`,
  );
  const url = new URL(db.url);
  url.username = role;
  const other = openProduct(db, { url: url.href });
  try {
    await work(other);
  } finally {
    await other.close();
    await db.query(`drop owned by ${role}; drop role ${role}`);
  }
}

describe("the journal's schema", () => {
  test("reading makes none, the first run makes it, and the second leaves it as it is", async () => {
    expect(
      await product.journal.entries({ sales: [], run: null, unsettledOnly: false, limit: null }),
    ).toBeNull();
    expect(await product.journal.inverse("none")).toBeNull();
    await product.stuck({ since: 0, until: null });
    expect(await exists()).toBe(false);
    await product.runs.prepare();
    const made = await schema();
    expect(made.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["attempt", "lease", "run", "version"]),
    );
    await product.runs.prepare();
    expect(await schema()).toEqual(made);
  });

  test("several runs that start at once are all served", async () => {
    const others = Array.from({ length: 4 }, () => openProduct(db));
    try {
      await Promise.all([product, ...others].map(({ runs }) => runs.prepare()));
    } finally {
      await Promise.all(others.map((one) => one.close()));
    }
    expect(await db.query("select version from purchase_fix.version order by 1")).toEqual([
      { version: 1 },
      { version: 2 },
      { version: 3 },
      { version: 4 },
    ]);
  });

  test("a role that may not make it is told what to have run", async () => {
    await asRole("", async (guest) => {
      const refused = await guest.runs.prepare().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(KnownError);
      expect((refused as KnownError).exitCode).toBe(2);
      expect((refused as KnownError).problem).toMatchObject({
        what: expect.stringContaining("purchase_fix cannot be created"),
        next: expect.stringContaining("purchase-fix init --print"),
      });
    });
    expect(await exists()).toBe(false);
  });

  test("what `init --print` prints, run by hand twice, serves a role with the smallest grants", async () => {
    await db.query(schemaSql);
    await db.query(schemaSql);
    const sale = await insertSale(db.witness, { botId: 1 });
    const grants = `
      grant update (meta_purchase_sent, meta_purchase_sent_at, meta_event_id) on payments to $role;
      grant usage on schema purchase_fix to $role;
      grant select, insert, update on all tables in schema purchase_fix to $role`;
    await asRole(grants, async (guest) => {
      const found = await guest.sale(sale);
      const lease = await guest.begin();
      const [claimed] = await guest.act.claim(lease, [claimOf(found)]);
      const written = await guest.act.settle(lease, [settlementOf(claimed?.attempt ?? "")]);
      expect(written).toMatchObject([{ effect: "confirmed" }]);
      expect(await guest.witness.check(written)).toEqual([]);
      await guest.runs.release(lease, {});
    });
  });

  test("a newer version is not written to", async () => {
    await product.runs.prepare();
    await db.query("insert into purchase_fix.version (version) values (5)");
    await expect(product.runs.prepare()).rejects.toThrow(KnownError);
    await expect(product.runs.prepare()).rejects.toThrow("schema version 5; this build knows 4");
  });

  test("a half-made one is completed", async () => {
    await db.query(
      "create schema purchase_fix; create table purchase_fix.version (version integer primary key, applied_at timestamptz not null default now())",
    );
    await product.runs.prepare();
    expect((await schema()).map(({ name }) => name)).toContain("attempt_unsettled");
  });
});

describe("the run lock", () => {
  const acquire = async (id: string, ttlMs = 60_000) =>
    await product.runs.acquire(newRun("resend", id), ttlMs);
  const expire = async () =>
    await db.query("update purchase_fix.lease set expires_at = clock_timestamp() - interval '1 ms'");

  beforeEach(async () => {
    await product.runs.prepare();
  });

  test("is given to one run, and the next is told who holds it, where, and since when", async () => {
    const before = await product.sales.now();
    expect(await acquire("first")).toEqual({ lease: { run: "first", token: "1" } });
    const second = await acquire("second");
    const after = await product.sales.now();
    if (!("holder" in second)) throw new Error("the second run got the lock too");
    const { since, expiresAt, ...who } = second.holder;
    expect(who).toEqual({ run: "first", command: "resend", host: "web-1", user: "ana", pid: 4711 });
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(after);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 60_000);
    expect(expiresAt).toBeLessThanOrEqual(after + 60_000);
    expect(await db.query("select id from purchase_fix.run")).toEqual([{ id: "first" }]);
  });

  test("of many that ask at once, one gets it", async () => {
    const others = Array.from({ length: 4 }, () => openProduct(db));
    const got = await Promise.all(
      others.map(({ runs }, at) => runs.acquire(newRun("resend", `run-${at}`), 60_000)),
    );
    await Promise.all(others.map((one) => one.close()));
    expect(got.filter((answer) => "lease" in answer)).toHaveLength(1);
    expect(await db.query("select count(*)::int as runs from purchase_fix.run")).toEqual([{ runs: 1 }]);
  });

  test("is free once released, with a higher token, and what the run did is on record", async () => {
    const first = await product.begin("resend");
    await product.runs.release(first, { confirmed: { count: 3 } });
    const second = await product.begin("revert");
    expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
    expect(
      await db.query(
        "select command, token, ended_at is not null as ended, summary from purchase_fix.run order by token",
      ),
    ).toEqual([
      { command: "resend", token: first.token, ended: true, summary: { confirmed: { count: 3 } } },
      { command: "revert", token: second.token, ended: false, summary: null },
    ]);
  });

  test("renewed it lasts longer; expired it is not renewed, even where nobody has taken it", async () => {
    const lease = await product.begin("resend", 60_000);
    expect(await product.runs.renew(lease, 600_000)).toBe(true);
    const [row] = await db.query(
      "select expires_at > now() + interval '9 minutes' as longer from purchase_fix.lease",
    );
    expect(row).toEqual({ longer: true });
    await expire();
    expect(await product.runs.renew(lease, 60_000)).toBe(false);
    const [now] = await db.query("select expires_at < now() as still from purchase_fix.lease");
    expect(now).toEqual({ still: true });
  });

  test("a run that lost it can neither renew nor release it from under its successor", async () => {
    const first = await product.begin();
    await expire();
    const second = await product.begin();
    expect(await product.runs.renew(first, 60_000)).toBe(false);
    await product.runs.release(first, {});
    expect(await product.runs.renew(second, 60_000)).toBe(true);
    expect(await acquire("third")).toMatchObject({ holder: { run: second.run } });
  });
});

describe("a run that lost its lease", () => {
  let loser: Lease;
  let attempt: string;
  let sales: { claimed: number; stuck: number };

  const everything = async () => ({
    payments: await db.query("select p.*, p.xmin from payments p order by id"),
    attempts: await db.query("select a.*, a.xmin from purchase_fix.attempt a order by id"),
  });

  beforeEach(async () => {
    sales = {
      claimed: await insertSale(db.witness, { botId: 1 }),
      stuck: await insertSale(db.witness, { botId: 1 }),
    };
    const sale = await product.sale(sales.claimed);
    loser = await product.begin();
    const [claimed] = await product.act.claim(loser, [claimOf(sale)]);
    attempt = claimed?.attempt ?? "";
    await db.query("update purchase_fix.lease set expires_at = clock_timestamp() - interval '1 ms'");
  });

  const writes: Record<string, () => Promise<unknown>> = {
    claim: async () => {
      const sale = await product.sale(sales.stuck);
      return await product.act.claim(loser, [claimOf(sale)]);
    },
    settle: async () => await product.attempts.settle(loser, [settlementOf(attempt)]),
    revert: async () => {
      const sale = await product.sale(sales.stuck);
      return await product.act.revert(loser, [{ saleId: sale.id, mark: sale.mark }]);
    },
    confirm: async () => {
      const sale = await product.sale(sales.stuck);
      return await product.act.confirm(loser, [claimOf(sale)]);
    },
  };

  describe.each(["expired", "taken over"])("%s", (how) => {
    test.each(Object.keys(writes))("cannot %s: rows and journal stay as they were", async (write) => {
      if (how === "taken over") await product.begin();
      const before = await everything();
      await expect(writes[write]?.()).rejects.toThrow(LeaseLost);
      expect(await everything()).toEqual(before);
    });

    test("still puts on record what Meta said, and nothing else", async () => {
      if (how === "taken over") await product.begin();
      const { payments } = await everything();
      await product.attempts.answer(loser, [settlementOf(attempt)]);
      const after = await everything();
      expect(after.payments).toEqual(payments);
      expect(after.attempts).toMatchObject([{ answer: "accepted", effect: null, settled_at: null }]);
    });
  });
});

describe("a run that died between Meta's answer and what follows from it", () => {
  const journal = () =>
    db.query<{ sale: number; answer: string | null; effect: string | null; settled: boolean }>(
      `select sale_id::integer as sale, answer, effect, settled_at is not null as settled
       from purchase_fix.attempt order by id`,
    );

  test("is closed by the next where the answer moves no row; an acceptance and an unanswered attempt wait for theirs", async () => {
    const dead = await product.begin();
    const answers = ["refused", "not-sent", "unconfirmed", "accepted", null] as const;
    const sales = [];
    for (const answer of answers) {
      const id = await insertSale(db.witness, { botId: 1 });
      const [claimed] = await product.act.claim(dead, [claimOf(await product.sale(id))]);
      if (answer !== null)
        await product.attempts.answer(dead, [settlementOf(claimed?.attempt ?? "", { answer })]);
      sales.push(id);
    }
    const rows = await db.query("select p.*, p.xmin from payments p order by id");
    await db.query("update purchase_fix.lease set expires_at = clock_timestamp()");
    await product.begin("revert");
    const kept = { effect: "kept", settled: true };
    const open = { effect: null, settled: false };
    expect(await journal()).toEqual([
      { sale: sales[0], answer: "refused", ...kept },
      { sale: sales[1], answer: "not-sent", ...kept },
      { sale: sales[2], answer: "unconfirmed", ...kept },
      { sale: sales[3], answer: "accepted", ...open },
      { sale: sales[4], answer: null, ...open },
    ]);
    expect(await db.query("select p.*, p.xmin from payments p order by id")).toEqual(rows);
  });

  test("holds nobody up while it still writes to its attempt: that one is left for the run after", async () => {
    const dead = await product.begin();
    const sale = await insertSale(db.witness, { botId: 1 });
    const [claimed] = await product.act.claim(dead, [claimOf(await product.sale(sale))]);
    await product.attempts.answer(dead, [settlementOf(claimed?.attempt ?? "", { answer: "refused" })]);
    await db.query("update purchase_fix.lease set expires_at = clock_timestamp()");
    await db.witness.query("begin; select from purchase_fix.attempt for update");
    const second = await product.begin();
    await db.witness.query("commit");
    expect(await journal()).toMatchObject([{ sale, effect: null, settled: false }]);
    await product.runs.release(second, {});
    await product.begin();
    expect(await journal()).toMatchObject([{ sale, effect: "kept", settled: true }]);
  });
});

test("a write of the run does not keep its own renewal waiting, however long it takes", async () => {
  const sale = await product.sale(await insertSale(db.witness, { botId: 1 }));
  const lease = await product.begin();
  const application = new Client({ connectionString: db.url });
  await application.connect();
  try {
    await application.query("begin");
    await application.query("lock table purchase_fix.attempt in exclusive mode");
    const write = product.act.revert(lease, [{ saleId: sale.id, mark: sale.mark }]);
    const waits =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while ((await db.query(waits)).length === 0) await db.query("select pg_sleep(0.02)");
    expect(await product.runs.renew(lease, 60_000)).toBe(true);
    await application.query("commit");
    expect(await write).toMatchObject([{ saleId: sale.id, effect: "reverted" }]);
  } finally {
    await application.end();
  }
});

test("a take-over that is through between a write's look at the lease and its lock on it is noticed", async () => {
  const first = await product.begin();
  const writer = new Client({ connectionString: db.url });
  await writer.connect();
  try {
    // As src/queries/attempts.ts holds it, with a pause between looking and locking.
    const holding = writer.query(
      `select l.token from purchase_fix.lease l, pg_sleep(1)
       where l.name = 'run' and l.token = ${first.token} for key share of l`,
    );
    const asleep =
      "select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
    while ((await db.query(asleep)).length === 0) await db.query("select 1");
    await db.query("update purchase_fix.lease set expires_at = clock_timestamp()");
    const second = await product.begin();
    expect(second.token).not.toBe(first.token);
    expect((await holding).rows).toEqual([]);
  } finally {
    await writer.end();
  }
});

test("a run that is turned away does not lock the lease: one that froze then would stop the run that holds it", async () => {
  await product.begin();
  const locker = async () => await db.query("select xmax::text from purchase_fix.lease");
  expect(await locker()).toEqual([{ xmax: "0" }]);
  expect(await product.runs.acquire(newRun("resend", "second"), 60_000)).toHaveProperty("holder");
  expect(await locker()).toEqual([{ xmax: "0" }]);
});

test("a lease whose row somebody's write holds for longer than we wait is somebody's: not a failure", async () => {
  const lease = await product.begin("resend", 60_000);
  await db.query("update purchase_fix.lease set expires_at = clock_timestamp()");
  const writer = new Client({ connectionString: db.url });
  await writer.connect();
  try {
    await writer.query("begin");
    await writer.query("select from purchase_fix.lease for share");
    expect(await product.runs.acquire(newRun("resend", "second"), 60_000)).toMatchObject({
      holder: { run: lease.run, command: "resend" },
    });
  } finally {
    await writer.end();
  }
});

test("a lease that is held for a write is not taken over before that write is through", async () => {
  const sale = await insertSale(db.witness, { botId: 1 });
  const found = await product.sale(sale);
  await product.runs.prepare();
  const application = new Client({ connectionString: db.url });
  await application.connect();
  const until = async (condition: string): Promise<void> => {
    while ((await db.query(`select where ${condition}`)).length === 0)
      await db.query("select pg_sleep(0.02)");
  };
  const waiting = (count: number) =>
    `${count} <= (select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`;
  try {
    await application.query("begin");
    await application.query("lock table purchase_fix.attempt in exclusive mode");
    const lease = await product.begin("resend", 1_500);
    const write = product.act.revert(lease, [{ saleId: sale, mark: found.mark }]);
    await until(waiting(1));
    await until("(select expires_at < clock_timestamp() from purchase_fix.lease)");
    const takeOver = product.runs.acquire(newRun("resend", "successor"), 60_000);
    await until(waiting(2));
    await application.query("commit");
    expect(await write).toMatchObject([{ saleId: sale, effect: "reverted" }]);
    expect(await takeOver).toMatchObject({ lease: { run: "successor" } });
    const [order] = await db.query(
      `select a.settled_at < r.started_at as first
       from purchase_fix.attempt a, purchase_fix.run r where a.effect = 'reverted' and r.id = 'successor'`,
    );
    expect(order).toEqual({ first: true });
  } finally {
    await application.end();
  }
});
