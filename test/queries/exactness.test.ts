import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isKnownEnough } from "../../src/meta/user-data.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, openProduct } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;

beforeAll(async () => {
  db = await shopDatabase("exact");
  await insertBot(db.witness, { id: 1, name: "Um" });
  product = openProduct(db);
});

afterAll(async () => {
  await product?.close();
  await db?.close();
});

beforeEach(async () => {
  await db.query("truncate payments");
});

const saleWith = async (extra: Record<string, unknown>) => {
  const id = await insertSale(db.witness, { botId: 1, extra });
  return await product.sale(id);
};

/** What a guard compares must fit the row that it was read from: only then can the sale be claimed at all. */
async function expectClaimable(id: number): Promise<void> {
  const sale = await product.sale(id);
  const lease = await product.begin();
  const claimed = await product.act.claim(lease, [claimOf(sale)]);
  await product.runs.release(lease, {});
  expect(claimed.map(({ saleId, flaggedAt }) => ({ saleId, flaggedAt }))).toEqual([
    { saleId: sale.id, flaggedAt: sale.mark.flaggedAt },
  ]);
}

describe("the flag time", () => {
  test.each([
    ["2026-11-20 10:31:15.123456", 1763645475123 + 365 * 86_400_000],
    ["2026-11-20 10:31:15.000001", 1763645475000 + 365 * 86_400_000],
    ["2026-11-20 10:31:15", 1763645475000 + 365 * 86_400_000],
    ["1969-12-31 20:59:59.999999", -1],
  ])("%s keeps its microseconds in the mark, and is cut to milliseconds elsewhere", async (text, ms) => {
    const sale = await saleWith({ meta_purchase_sent_at: text });
    expect(sale.mark.flaggedAt).toBe(text);
    expect(sale.flaggedAt).toBe(ms);
    await expectClaimable(sale.id);
  });

  test.each(["infinity", "-infinity", null])("%s is no moment, but a mark", async (text) => {
    const sale = await saleWith({ meta_purchase_sent_at: text });
    expect(sale).toMatchObject({ flaggedAt: null, mark: { flaggedAt: text } });
    await expectClaimable(sale.id);
  });

  test("a database that prints dates in another style changes neither mark nor moment", async () => {
    const plain = await saleWith({ meta_purchase_sent_at: "2026-11-20 10:31:15.123456" });
    await db.query(`alter database ${db.name} set datestyle = 'German'`);
    await db.query(`alter database ${db.name} set extra_float_digits = -10`);
    const other = openProduct(db);
    try {
      expect(await other.sale(plain.id)).toEqual(plain);
    } finally {
      await other.close();
      await db.query(`alter database ${db.name} reset all`);
      await db.query(`alter database ${db.name} set timezone = 'UTC'`);
    }
  });
});

describe("a daylight saving that the shop has known", () => {
  test("moments before and after it are each read by the offset of their day", async () => {
    const sale = await saleWith({ created_at: "2018-12-01 12:00:00", paid_at: "2019-12-01 12:00:00" });
    expect(sale.createdAt).toBe(Date.parse("2018-12-01T12:00:00-02:00"));
    expect(sale.paidAt).toBe(Date.parse("2019-12-01T12:00:00-03:00"));
  });

  test("another shop's zone is obeyed", async () => {
    const sale = await saleWith({ created_at: "2026-07-01 12:00:00" });
    const lisbon = openProduct(db, { timeZone: "Europe/Lisbon" });
    const there = await lisbon.sale(sale.id);
    await lisbon.close();
    expect(there.createdAt).toBe(Date.parse("2026-07-01T12:00:00+01:00"));
    expect(there.mark).toEqual(sale.mark);
  });
});

describe("whether a row names its customer", () => {
  test.each([
    ["7001", true],
    ["user_7001", true],
    ["user_", false],
    ["user_user_7001", false],
    [" 7001", false],
    ["7001\n", false],
    ["ana", false],
    ["", false],
    [null, false],
  ])("%j: %s", async (stored, names) => {
    const sale = await saleWith({ customer_user_id: stored });
    expect(sale.namesCustomer).toBe(names);
    const customer = (await product.customers.of([sale.id])).get(sale.id);
    // Only what is enough by itself may count: the others' customers are read.
    if (names) expect(customer && isKnownEnough(customer)).toBe(true);
    else expect(customer).toBeDefined();
  });
});

describe("the amount", () => {
  test.each([
    ["97", "97.00", "97"],
    ["0.1", "0.10", "0.1"],
    ["0.30000000000000004", "0.30", "0.30000000000000004"],
    ["97.005", "97.01", "97.005"],
    ["1e21", "1000000000000000000000.00", "1e+21"],
    ["1e-7", "0.00", "1e-07"],
    ["-5", "-5.00", "-5"],
    ["NaN", "NaN", "NaN"],
    ["Infinity", "Infinity", "Infinity"],
    [null, null, null],
  ])("%s is %s, and its mark is to the last digit", async (stored, amount, mark) => {
    const sale = await saleWith({ amount: stored });
    expect(sale).toMatchObject({ amount, mark: { amount: mark } });
    await expectClaimable(sale.id);
  });

  test("what is no number counts among the sales outside a span, and adds nothing to their money", async () => {
    for (const amount of ["10.5", "NaN", "Infinity", "-Infinity", null]) await saleWith({ amount });
    const now = await product.sales.now();
    expect(await product.sales.outside({ since: now, until: null }, now)).toMatchObject({
      count: 5,
      amount: "10.50",
    });
  });

  test("so does text that only looks like one, where amounts are stored as text: one such row ends no window", async () => {
    await db.query("alter table payments alter amount type text");
    try {
      for (const amount of ["10.50", "+.5", "1e2", "1.2.3", "-", "e", ".", "1e", ""])
        await saleWith({ amount });
      const now = await product.sales.now();
      expect(await product.sales.outside({ since: now, until: null }, now)).toMatchObject({
        count: 9,
        amount: "111.00",
      });
    } finally {
      await db.query("truncate payments cascade");
      await db.query(
        "alter table payments alter amount type double precision using amount::double precision",
      );
    }
  });
});

describe("other moments", () => {
  test.each(["infinity", "-infinity", "280000-12-31 23:59:59"])(
    "created_at = %s is read as missing",
    async (text) => {
      const sale = await saleWith({ created_at: text, paid_at: text, updated_at: text });
      expect(sale).toMatchObject({ createdAt: null, paidAt: null, updatedAt: null });
      const now = await product.sales.now();
      const found = await product.stuck({ since: now, until: null });
      expect(found.map(({ id }) => id)).toEqual(text === "-infinity" ? [] : [sale.id]);
      expect(await product.sales.outside({ since: now, until: null }, now)).toMatchObject({
        count: text === "-infinity" ? 1 : 0,
        expiringSoon: 0,
      });
    },
  );

  test("a row of which everything may be null is read all the same, with words where words are shown", async () => {
    await db.query("update bots set name = null, username = null");
    await db.query("insert into payments (id, bot_id) values (77, 1)");
    const sale = await product.sale(77);
    expect(sale).toEqual({
      id: 77,
      paymentId: "",
      botId: 1,
      botName: "",
      botUsername: null,
      status: "null",
      amount: null,
      createdAt: null,
      paidAt: null,
      updatedAt: null,
      flagged: false,
      flaggedAt: null,
      mark: { flaggedAt: null, amount: null },
      metaEventId: null,
      pageviewEventId: null,
      sentFromDelivery: null,
      namesCustomer: false,
      pools: [],
    });
    expect((await product.evidence.about([sale], Date.now())).get(77)?.siblings).toEqual([]);
    expect((await product.attempts.states([77])).get(77)).toEqual({
      status: "null",
      flagged: false,
      lastAttempt: null,
      metaEventId: null,
      mark: { flaggedAt: null, amount: null },
    });
    await db.query("update bots set name = 'Um'");
  });
});
