import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { KnownError } from "../../src/errors.js";
import type { Lease, Written } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, openProduct, settlementOf } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;
let lease: Lease;

beforeAll(async () => {
  db = await shopDatabase("witness");
  await insertBot(db.witness, { id: 1 });
  product = openProduct(db);
});

afterAll(async () => {
  await product?.close();
  await db?.close();
});

beforeEach(async () => {
  await product.runs.prepare();
  await db.query("truncate payments, purchase_fix.attempt, purchase_fix.lease, purchase_fix.run cascade");
  lease = await product.begin();
});

const insert = async () => await product.sale(await insertSale(db.witness, { botId: 1 }));

/** One sale each: accepted, refused and given back, refused and kept, given back, confirmed. */
async function everyWrite(): Promise<{ sales: Sale[]; written: Written[] }> {
  const sales = [await insert(), await insert(), await insert(), await insert(), await insert()];
  const [a, b, c, d, e] = sales as [Sale, Sale, Sale, Sale, Sale];
  const claimed = await product.act.claim(
    lease,
    [a, b, c].map((sale) => claimOf(sale)),
  );
  const [first, second, third] = claimed.map(({ attempt }) => attempt) as [string, string, string];
  const settled = await product.act.settle(lease, [
    settlementOf(first),
    settlementOf(second, { answer: "refused", revert: true }),
    settlementOf(third, { answer: "unconfirmed" }),
  ]);
  const reverted = await product.act.revert(lease, [{ saleId: d.id, mark: d.mark }]);
  const confirmed = await product.act.confirm(lease, [claimOf(e)]);
  const written = [...settled, ...reverted, ...confirmed];
  const at = (sale: Sale) => sales.findIndex(({ id }) => id === sale.id);
  return {
    sales,
    written: written.toSorted((x, y) => at({ id: x.saleId } as Sale) - at({ id: y.saleId } as Sale)),
  };
}

const check = async (written: readonly Written[]) => await product.witness.check(written);

test("agrees with every kind of write, and with none at all", async () => {
  const { written } = await everyWrite();
  expect(written.map(({ effect }) => effect)).toEqual([
    "confirmed",
    "reverted",
    "kept",
    "reverted",
    "confirmed",
  ]);
  expect(await check(written)).toEqual([]);
  expect(await check([])).toEqual([]);
});

describe("a later writer explains a difference", () => {
  test.each([
    ["confirmed the sale itself", "meta_event_id = 'pageview_x'"],
    ["flagged it anew", "meta_purchase_sent = true, meta_purchase_sent_at = localtimestamp"],
    ["gave it back", "meta_purchase_sent = false, meta_purchase_sent_at = null, meta_event_id = null"],
  ])("it %s", async (_, set) => {
    const { written } = await everyWrite();
    await db.query(`update payments set ${set}`);
    expect(await check(written)).toEqual([]);
  });

  test("it deleted the row", async () => {
    const { written } = await everyWrite();
    await db.query("delete from payments");
    expect(await check(written)).toEqual([]);
  });
});

describe("what no later writer explains is told, with both sides", () => {
  test("the row bears our transaction, and other values", async () => {
    const { written, sales } = await everyWrite();
    const claims = written.map((row, at) =>
      at === 0 ? { ...row, metaEventId: "pageview_claimed" } : at === 1 ? { ...row, flagged: true } : row,
    );
    expect(await check(claims)).toEqual([
      `sale ${sales[0]?.id}: we wrote flagged with event id pageview_claimed, the witness reads flagged with event id ${sales[0]?.pageviewEventId}`,
      `sale ${sales[1]?.id}: we wrote flagged with no event id, the witness reads not flagged with no event id`,
    ]);
  });

  test("a flag time that differs by a microsecond, too", async () => {
    const { written } = await everyWrite();
    const [first] = written as [Written];
    expect(await check([{ ...first, flaggedAt: `${first.flaggedAt}1` }])).toHaveLength(1);
  });

  test("the row is older than our transaction: our write is not there", async () => {
    const { written, sales } = await everyWrite();
    const stuck = await insert();
    const [first] = written as [Written];
    // A transaction that is younger than the row and wrote something else.
    const [row] = await db.query<{ xid: string }>("select (txid_current() % 4294967296)::text as xid");
    const lost = { ...first, saleId: stuck.id, xid: row?.xid ?? "" };
    expect(await check([lost])).toEqual([
      `sale ${stuck.id}: we wrote flagged with event id ${sales[0]?.pageviewEventId}, the witness reads flagged with no event id`,
    ]);
  });

  test("the journal says something else, or nothing", async () => {
    const { written, sales } = await everyWrite();
    await db.query("update purchase_fix.attempt set effect = 'kept' where sale_id = $1", [sales[0]?.id]);
    await db.query("delete from purchase_fix.attempt where sale_id = $1", [sales[2]?.id]);
    expect(await check(written)).toEqual([
      `sale ${sales[0]?.id}: its journal should say confirmed, the witness reads kept`,
      `sale ${sales[2]?.id}: its journal should say kept, the witness reads nothing`,
    ]);
  });
});

test("it needs no more than to read, and leaves no connection behind", async () => {
  const { written } = await everyWrite();
  const role = `reader_${db.name}`;
  await db.query(`create role ${role} login; grant usage on schema purchase_fix to ${role};
    grant select on payments, purchase_fix.attempt to ${role}`);
  const url = new URL(db.url);
  url.username = role;
  const reader = openProduct(db, { url: url.href });
  expect(await reader.witness.check(written)).toEqual([]);
  await reader.close();
  const sessions =
    "select from pg_stat_activity where datname = current_database() and application_name like '%:witness'";
  await expect.poll(async () => await db.query(sessions)).toEqual([]);
  await db.query(`drop owned by ${role}; drop role ${role}`);
});

test("an unreachable database is a known error, not a doubt", async () => {
  const { written } = await everyWrite();
  const url = new URL(db.url);
  url.pathname = "/no_such_database";
  const elsewhere = openProduct(db, { url: url.href });
  await expect(elsewhere.witness.check(written)).rejects.toThrow(KnownError);
  await elsewhere.close();
});
