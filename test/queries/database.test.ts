import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KnownError, TableLocked, WriteRefused } from "../../src/errors.js";
import { filledIn, literal } from "../../src/queries/literal.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { changes, claimOf, openProduct, settlementOf, wholeRows } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;

beforeAll(async () => {
  db = await shopDatabase("database");
  await insertBot(db.witness, { id: 1 });
  product = openProduct(db);
});

afterAll(async () => {
  await product?.close();
  await db?.close();
});

const problem = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof KnownError))
    throw new Error(`not a known error: ${String(error)}`, { cause: error });
  return error.problem;
};

describe("a transaction that only reads", () => {
  test.each([
    ["a row", "update payments set status = 'paid'"],
    ["a table", "create table public.ours ()"],
    ["a row lock", "select from payments for update"],
  ])("cannot write: %s", async (_, sql) => {
    expect((await problem(product.database.read((tx) => tx.unsafe(sql)))).what).toMatch(/accepts no writes/);
  });

  test("nor can its own `set transaction` change that once it has read", async () => {
    const work = product.database.read(async (tx) => {
      await tx`select 1`;
      await tx`set transaction read write`;
      await tx`create table public.ours ()`;
    });
    await expect(work).rejects.toThrow();
    expect(await db.query("select to_regclass('public.ours') as made")).toEqual([{ made: null }]);
  });
});

describe("a row that the application has locked", () => {
  const inserted = async () => await product.sale(await insertSale(db.witness, { botId: 1 }));

  test("is stepped over by every write, which says so; its neighbour is written, and nobody waits", async () => {
    const [a, b, c, d] = [await inserted(), await inserted(), await inserted(), await inserted()];
    const lease = await product.begin();
    const [claimed] = await product.act.claim(lease, [claimOf(c)]);
    const settlements = [settlementOf(claimed?.attempt ?? "")];
    const application = new Client({ connectionString: db.url });
    await application.connect();
    try {
      await application.query("begin");
      await application.query("update payments set customer_name = 'Ana' where id in ($1, $2)", [a.id, c.id]);
      const before = await wholeRows(db);
      const guard = (sale: Sale) => ({ saleId: sale.id, mark: sale.mark, lastAttempt: null });
      expect(await product.attempts.claim(lease, [{ ...claimOf(a), lastAttempt: null }])).toEqual({
        claimed: [],
        hindered: [{ saleId: a.id, by: "lock" }],
      });
      await product.attempts.answer(lease, settlements);
      expect(await product.attempts.settle(lease, settlements)).toEqual({ written: [], locked: [c.id] });
      expect(await product.attempts.revert(lease, [guard(a), guard(b)])).toMatchObject({
        written: [{ saleId: b.id, effect: "reverted" }],
        locked: [a.id],
      });
      const told = { eventId: "pageview_x", origin: "journal", pixelId: "111" };
      expect(
        await product.attempts.confirm(
          lease,
          [guard(a), guard(d)].map((one) => ({ ...one, ...told })),
        ),
      ).toMatchObject({ written: [{ saleId: d.id, effect: "confirmed" }], locked: [a.id] });
      expect(Object.keys(changes(before, await wholeRows(db)))).toEqual([String(b.id), String(d.id)]);
    } finally {
      await application.end();
    }
    // Meta's answer was on record all the while.
    expect(
      await db.query("select answer, effect, settled_at from purchase_fix.attempt where sale_id = $1", [
        c.id,
      ]),
    ).toEqual([{ answer: "accepted", effect: null, settled_at: null }]);
    expect((await product.attempts.settle(lease, settlements)).written).toMatchObject([
      { saleId: c.id, effect: "confirmed", metaEventId: c.pageviewEventId },
    ]);
    await product.runs.release(lease, {});
  });

  test("a table that is locked as a whole is waited for 5 s; the answer is on record, and nothing else was changed", async () => {
    const sale = await inserted();
    const lease = await product.begin();
    const [claimed] = await product.act.claim(lease, [claimOf(sale)]);
    const settlements = [settlementOf(claimed?.attempt ?? "")];
    const migration = new Client({ connectionString: db.url });
    await migration.connect();
    try {
      await migration.query("begin");
      await migration.query("lock table payments in access exclusive mode");
      await product.attempts.answer(lease, settlements);
      const refusal = await product.attempts.settle(lease, settlements).catch((thrown: unknown) => thrown);
      expect(refusal).toBeInstanceOf(TableLocked);
      expect((refusal as KnownError).problem.next).toContain("pg_stat_activity");
      const closed = await product.attempts.close(lease, [claimed?.attempt ?? ""], "its row was locked");
      expect(closed).toMatchObject([{ saleId: sale.id, effect: "overtaken", because: "its row was locked" }]);
    } finally {
      await migration.end();
    }
    expect(await product.sale(sale.id)).toEqual(sale);
    const now = await product.sales.now();
    const evidence = (await product.evidence.about([sale], now)).get(sale.id);
    expect(evidence?.traces).toMatchObject([{ result: "accepted", eventId: sale.pageviewEventId }]);
    await product.runs.release(lease, {});
  });

  test("a row that a trigger of the shop refuses is a refusal of its own kind, and nothing of its statement stays", async () => {
    const [bad, good] = [await inserted(), await inserted()];
    const lease = await product.begin();
    const claimed = await product.act.claim(lease, [claimOf(bad), claimOf(good)]);
    const settlements = claimed.map(({ attempt }) => settlementOf(attempt));
    await db.query(
      `alter table payments add constraint audited check (id <> ${bad.id} or meta_event_id is null)`,
    );
    try {
      await product.attempts.answer(lease, settlements);
      await expect(product.attempts.settle(lease, settlements)).rejects.toThrow(WriteRefused);
      expect(await product.sale(good.id)).toEqual(good);
      expect((await product.attempts.settle(lease, settlements.slice(1))).written).toMatchObject([
        { saleId: good.id, effect: "confirmed" },
      ]);
    } finally {
      await db.query("alter table payments drop constraint audited");
    }
    await product.runs.release(lease, {});
  });

  test("does not keep us from reading, nor from claiming another", async () => {
    const [locked, free] = [
      await insertSale(db.witness, { botId: 1 }),
      await insertSale(db.witness, { botId: 1 }),
    ];
    const lease = await product.begin();
    const application = new Client({ connectionString: db.url });
    await application.connect();
    try {
      await application.query("begin");
      await application.query("select from payments where id = $1 for update", [locked]);
      expect((await product.sale(locked)).id).toBe(locked);
      const claimed = await product.act.claim(lease, [claimOf(await product.sale(free))]);
      expect(claimed.map(({ saleId }) => saleId)).toEqual([free]);
    } finally {
      await application.end();
    }
    await product.runs.release(lease, {});
  });
});

describe("a session that ends under us", () => {
  test("is a known error, and the next transaction gets a new one", async () => {
    const end = product.database.read(async (tx) => {
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await db.query("select pg_terminate_backend($1)", [row?.pid]);
      return await tx`select 1`;
    });
    expect((await problem(end)).what).toContain("Cannot reach the database");
    expect(await product.sales.now()).toBeGreaterThan(0);
  });
});

test("is limited by itself, whatever the role's defaults are, and says who asks", async () => {
  const [row] = await product.database.read(
    (tx) => tx`
      select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
             current_setting('TimeZone') as zone, current_setting('application_name') as name`,
  );
  expect(row).toEqual({ statement: "2min", lock: "5s", zone: "UTC", name: "test-product" });
});

describe("a statement with its parameters written out", () => {
  const nasty = ["it's", "\\", "\\'; drop table payments; --", "$1", "$$", "\n", "é😀", '{"a":1}', ""];

  test.each(nasty)("PostgreSQL reads the literal of %j as the value itself", async (value) => {
    for (const conforming of ["on", "off"]) {
      await db.query(`set standard_conforming_strings = ${conforming}`);
      expect(await db.query(`select ${literal(value)} as value`)).toEqual([{ value }]);
    }
    await db.query("reset standard_conforming_strings");
  });

  test("each parameter in its place, twice where it stands twice, and no deeper indented than needed", () => {
    const text = "\n      select $1, $2\n        where $10 = $1";
    const values = ["$2", 7, null, 3, 4, 5, 6, 7, 8, true];
    expect(filledIn(text, values)).toBe("select '$2', 7\n  where true = '$2';");
    expect(filledIn("select $1, $2", [undefined, 12n])).toBe("select null, 12;");
  });
});
