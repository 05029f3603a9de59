import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { openProduct } from "../cast/product.js";
import { insertBot } from "../cast/shop.js";

const ROWS = 200_000;

let db: ShopDatabase;

beforeAll(async () => {
  db = await shopDatabase("names");
  await insertBot(db.witness, { id: 1 });
  await db.query(
    `insert into payments (id, bot_id, payment_id, status, amount, meta_purchase_sent, created_at)
     select n, 1, 'BOT1_' || n, 'paid', 10, true, localtimestamp from generate_series(1, $1::integer) n`,
    [ROWS],
  );
  const product = openProduct(db);
  await product.begin();
  await product.close();
  await db.query(
    `insert into purchase_fix.attempt (run_id, sale_id, effect, settled_at)
     select (select id from purchase_fix.run), n, 'kept', clock_timestamp() from generate_series(1, $1::integer) n`,
    [ROWS],
  );
  await db.query("analyze");
}, 60_000);

afterAll(async () => {
  await db?.close();
});

interface Reading {
  /** How often a table was read from end to end. */
  readonly whole: number;
  /** How many of its rows were fetched, by whatever way. */
  readonly rows: number;
}

/** The server's own count of what was read of a table since it exists. */
async function counted(table: string): Promise<Reading> {
  await db.query("select pg_stat_clear_snapshot()");
  const [row] = await db.query<{ whole: number; rows: number }>(
    `select seq_scan::integer as whole, (seq_tup_read + coalesce(idx_tup_fetch, 0))::integer as rows
     from pg_stat_user_tables where relname = $1`,
    [table],
  );
  return row ?? { whole: 0, rows: 0 };
}

/** What a session of the product read of a table: the server counts it once the session has ended. */
async function read<T>(
  table: string,
  work: (product: Product) => Promise<T>,
): Promise<Reading & { found: T }> {
  const before = await counted(table);
  const product = openProduct(db);
  const found = await work(product);
  await product.close();
  await expect.poll(async () => (await counted(table)).rows).toBeGreaterThan(before.rows);
  const after = await counted(table);
  return { found, whole: after.whole - before.whole, rows: after.rows - before.rows };
}

const sales = (found: ReadonlyMap<string, Sale>) => [...found].map(([name, { id }]) => [name, id]);

describe(`among ${ROWS} payments`, () => {
  test.each([
    ["an id", ["199999"]],
    ["a payment id", ["BOT1_199999"]],
    ["both", ["7", "BOT1_199999"]],
    ["many of each", Array.from({ length: 1000 }, (_, at) => (at % 2 ? `${at + 1}` : `BOT1_${at + 1}`))],
  ])("sales named by %s are found through the unique indexes", async (_, names) => {
    const { found, whole, rows } = await read("payments", (product) => product.sales.named(names));
    expect(sales(found)).toHaveLength(names.length);
    expect(whole).toBe(0);
    expect(rows).toBeLessThanOrEqual(5 * names.length);
  });

  test.each([
    ["an id", ["199999"], [199_999]],
    ["a payment id", ["BOT1_199999"], [199_999]],
    ["both", ["7", "BOT1_199999", "nobody"], [199_999, 7]],
  ])("and so are the attempts of sales named by %s", async (_, names, expected) => {
    const filter = { sales: names, run: null, unsettledOnly: false, limit: 100 };
    for (const table of ["payments", "attempt"]) {
      const { found, whole, rows } = await read(table, (product) => product.journal.entries(filter));
      expect(found?.map(({ saleId }) => saleId)).toEqual(expected);
      expect({ table, whole }).toEqual({ table, whole: 0 });
      expect(rows).toBeLessThanOrEqual(5 * names.length);
    }
  });
});

test("a name is a number only as it is written: zeros before it make it another", async () => {
  const product = openProduct(db);
  const filter = { run: null, unsettledOnly: false, limit: 100 };
  expect(sales(await product.sales.named(["007", "7"]))).toEqual([["7", 7]]);
  expect(await product.journal.entries({ ...filter, sales: ["007", "99999999999999999999"] })).toEqual([]);
  await product.close();
});

test("the attempts of a sale whose row is gone are found by its id", async () => {
  await db.query("delete from payments where id = 5");
  const product = openProduct(db);
  const entries = await product.journal.entries({
    sales: ["5"],
    run: null,
    unsettledOnly: false,
    limit: 100,
  });
  expect(entries).toMatchObject([{ saleId: 5, paymentId: null }]);
  await product.close();
});
