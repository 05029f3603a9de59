import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KnownError } from "../../src/errors.js";
import { filledIn, literal } from "../../src/queries/database.js";
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
  test("is waited for 5 s; then the write fails, saying so, and nothing was changed", async () => {
    const [locked, free] = [
      await insertSale(db.witness, { botId: 1 }),
      await insertSale(db.witness, { botId: 1 }),
    ];
    const [a, b] = [await product.sale(locked), await product.sale(free)];
    const lease = await product.begin();
    const [claimed] = await product.attempts.claim(lease, [claimOf(b)]);
    const application = new Client({ connectionString: db.url });
    await application.connect();
    try {
      await application.query("begin");
      await application.query("update payments set customer_name = 'Ana' where id in ($1, $2)", [
        locked,
        free,
      ]);
      const before = await wholeRows(db);
      const attempts = await db.query("select * from purchase_fix.attempt");
      const refusals = await Promise.all([
        problem(product.attempts.claim(lease, [claimOf(a)])),
        problem(product.attempts.settle(lease, [settlementOf(claimed?.attempt ?? "")])),
        problem(product.attempts.revert(lease, [{ saleId: a.id, mark: a.mark }])),
        problem(product.attempts.confirm(lease, [claimOf(a)])),
      ]);
      for (const refusal of refusals) {
        expect(refusal.what).toBe("A row stayed locked by somebody else for 5 seconds");
        expect(refusal.next).toContain("pg_stat_activity");
      }
      expect(changes(before, await wholeRows(db))).toEqual({});
      expect(await db.query("select * from purchase_fix.attempt")).toEqual(attempts);
    } finally {
      await application.end();
    }
    expect(await product.attempts.revert(lease, [{ saleId: a.id, mark: a.mark }])).toHaveLength(1);
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
      const claimed = await product.attempts.claim(lease, [claimOf(await product.sale(free))]);
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
