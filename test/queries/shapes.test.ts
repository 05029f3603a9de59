import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KnownError } from "../../src/errors.js";
import type { ShopDatabase } from "../cast/database.js";
import { emptyDatabase, shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, openProduct, settlementOf } from "../cast/product.js";
import { insertBot, insertPool, insertSale } from "../cast/shop.js";

const always = { since: 0, until: null };

let db: ShopDatabase;
let product: Product;

async function close(): Promise<void> {
  await product?.close();
  await db?.close();
}

/** Everything that reads, and the whole way of a sale: claimed, accepted; and another one given back. */
async function exercise(sales: number): Promise<void> {
  const found = await product.stuck(always);
  expect(found).toHaveLength(sales);
  const end = await product.sales.now();
  expect(await product.sales.outside(always, end)).toMatchObject({ count: 0 });
  const first = found[0];
  const second = found[1];
  if (!first || !second) throw new Error("two sales are needed");
  expect((await product.sales.named([first.paymentId])).get(first.paymentId)?.id).toBe(first.id);
  expect((await db.query(await product.sales.statement(always))).length).toBe(sales);
  expect((await product.evidence.about(found, end)).get(first.id)?.siblings).toEqual([]);
  expect((await product.customers.of([first.id])).get(first.id)?.tracking).toBeNull();
  const lease = await product.begin();
  const [claimed] = await product.act.claim(lease, [claimOf(first)]);
  const settled = await product.act.settle(lease, [settlementOf(claimed?.attempt ?? "")]);
  expect(settled).toMatchObject([{ saleId: first.id, effect: "confirmed" }]);
  const reverted = await product.act.revert(lease, [{ saleId: second.id, mark: second.mark }]);
  expect(reverted).toMatchObject([{ saleId: second.id, effect: "reverted" }]);
  expect(await product.witness.check([...settled, ...reverted])).toEqual([]);
  expect((await product.attempts.states([first.id])).get(first.id)?.metaEventId).toBe(claimOf(first).eventId);
  const now = await product.stuck(always);
  expect(now.map(({ id, flagged }) => [id, flagged])).toEqual(
    found.slice(1).map(({ id }) => [id, id !== second.id]),
  );
  expect((await product.journal.entries(all))?.map(({ effect }) => effect)).toEqual([
    "reverted",
    "confirmed",
  ]);
  await product.runs.release(lease, {});
}

const all = { sales: [], run: null, unsettledOnly: false, limit: null };

/** The columns of the incident report's query, and no others. */
const minimal = `
  create table bots (id integer primary key, name text);
  create table payments (
    id integer primary key, payment_id text, status text, bot_id integer,
    meta_purchase_sent boolean, meta_event_id text, meta_purchase_sent_at timestamp, created_at timestamp);
  insert into bots values (1, 'Um');
  insert into payments
    select i, 'BOT1_' || i, 'paid', 1, true, null, now(), (now() at time zone 'America/Sao_Paulo') - i * interval '1 hour'
    from generate_series(1, 2) i;`;

describe("a shop with only payments and bots, and only the columns of the report's query", () => {
  beforeEach(async () => {
    db = await emptyDatabase("minimal");
    await db.query(minimal);
    product = openProduct(db);
  });
  afterEach(close);

  test("everything works; what the shop does not have is null, and its pools are unknown", async () => {
    const [sale] = await product.stuck(always);
    expect(sale).toMatchObject({
      id: 1,
      paymentId: "BOT1_1",
      botName: "Um",
      botUsername: null,
      amount: null,
      paidAt: null,
      updatedAt: null,
      mark: { amount: null },
      pageviewEventId: null,
      sentFromDelivery: null,
      pools: null,
    });
    await exercise(2);
  });

  const required = [
    ...["id", "payment_id", "status", "bot_id", "created_at"].map((name) => ["payments", name] as const),
    ...["meta_purchase_sent", "meta_event_id", "meta_purchase_sent_at"].map(
      (name) => ["payments", name] as const,
    ),
    ...["id", "name"].map((name) => ["bots", name] as const),
  ];

  test.each(required)("without %s.%s it says so", async (table, column) => {
    await db.query(`alter table ${table} drop column ${column}`);
    const refused = await product.stuck(always).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KnownError);
    expect(refused).toMatchObject({
      problem: { what: expect.stringContaining(`column ${table}.${column}`) },
    });
    expect((refused as KnownError).message.match(/column/g)).toHaveLength(1);
  });

  test("all that is missing is named at once", async () => {
    await db.query("drop table bots; alter table payments drop column status, drop column created_at");
    await expect(product.stuck(always)).rejects.toThrow(
      "This database lacks column payments.status, column payments.created_at, table bots",
    );
  });

  test("in another schema, found by the role's search_path", async () => {
    await db.query(
      `create schema shop; alter table bots set schema shop; alter table payments set schema shop`,
    );
    await expect(product.stuck(always)).rejects.toThrow("lacks table payments, table bots");
    await product.close();
    product = openProduct(db, { url: `${db.url}?options=${encodeURIComponent("-c search_path=shop")}` });
    await db.query("set search_path = shop");
    // The witness logs in by the same connection, so that it looks where the product looked.
    await exercise(2);
  });

  test("status as an enumeration, amount as numeric, ids as bigint", async () => {
    await db.query(`
      create type payment_status as enum ('pending', 'paid');
      alter table payments alter status type payment_status using status::payment_status,
        alter id type bigint, alter bot_id type bigint, add column amount numeric(12, 2);
      alter table bots alter id type bigint;
      update payments set id = id + 9007199254740000, amount = 97.1`);
    const [sale] = await product.stuck(always);
    expect(sale).toMatchObject({
      id: 9007199254740001,
      amount: "97.10",
      status: "paid",
      mark: { amount: "97.10" },
    });
    await exercise(2);
  });
});

describe("a shop with all columns", () => {
  beforeEach(async () => {
    db = await shopDatabase("shapes");
    await insertBot(db.witness, { id: 1, name: "Um" });
    await insertPool(db.witness, { id: 1, pixelId: "111", tokenText: "encrypted", bots: [1] });
    product = openProduct(db);
  });
  afterEach(close);

  const needed = {
    payments: [
      "id",
      "payment_id",
      "status",
      "bot_id",
      "meta_purchase_sent",
      "meta_event_id",
      "meta_purchase_sent_at",
    ],
    bots: ["id", "name"],
  };

  test("any other column may be missing: each of them, one at a time", async () => {
    const columns = await db.query<{ table: keyof typeof needed; column: string }>(`
      select table_name as table, column_name as column from information_schema.columns
      where table_schema = 'public' order by table_name, ordinal_position`);
    const optional = columns.filter(
      ({ table, column }) => !needed[table]?.includes(column) && column !== "created_at",
    );
    expect(optional.length).toBeGreaterThan(60);
    const sale = await insertSale(db.witness, { botId: 1, customerUserId: "user_42" });
    await db.query("insert into bot_users (bot_id, telegram_user_id) values (1, '42')");
    for (const { table, column } of optional) {
      await db.query(`begin; alter table ${table} rename column ${column} to gone; commit`);
      const where = `without ${table}.${column}`;
      const found = await product.stuck(always);
      expect(
        found.map(({ id }) => id),
        where,
      ).toEqual([sale]);
      expect((await product.evidence.about(found, Date.now())).size, where).toBe(1);
      expect((await product.customers.of([sale])).size, where).toBe(1);
      expect((await product.attempts.states([sale])).size, where).toBe(1);
      await db.query(`alter table ${table} rename column gone to ${column}`);
    }
  });

  test.each(["pool_bots", "redirect_pools", "bot_users"])("so may the table %s", async (table) => {
    await insertSale(db.witness, { botId: 1, paidHoursAgo: 2 });
    await insertSale(db.witness, { botId: 1 });
    await db.query(`drop table ${table} cascade`);
    await exercise(2);
    const [sale] = await product.stuck(always);
    expect(sale?.pools === null).toBe(table !== "bot_users");
  });

  const poolsOf = async (id: number) => (await product.sale(id)).pools?.map((pool) => pool.id);

  test("the pools of a sale: its own, else the enabled ones of its bot, the lowest id first", async () => {
    await insertPool(db.witness, { id: 9, pixelId: "999", tokenText: "encrypted", bots: [1] });
    await insertPool(db.witness, { id: 5, pixelId: "555", tokenText: "encrypted", disabledFor: [1] });
    await insertPool(db.witness, { id: 7, pixelId: "777", tokenText: "encrypted" });
    const lonely = await insertBot(db.witness, { id: 2 });
    const sales = [
      await insertSale(db.witness, { botId: 1 }),
      await insertSale(db.witness, { botId: 1, poolId: 7 }),
      await insertSale(db.witness, { botId: lonely }),
    ];
    expect(await Promise.all(sales.map(poolsOf))).toEqual([[1, 9], [7], []]);
    await db.query("update pool_bots set is_enabled = null where pool_id = 5");
    expect(await poolsOf(sales[0] ?? 0)).toEqual([1, 5, 9]);
    await db.query("alter table payments drop column pool_id; alter table pool_bots drop column is_enabled");
    expect(await Promise.all(sales.map(poolsOf))).toEqual([[1, 5, 9], [1, 5, 9], []]);
  });

  test("a pool as it stands: a switch that is null is off, a blank pixel or token is none", async () => {
    await insertPool(db.witness, {
      id: 2,
      pixelId: " ",
      tokenText: "",
      tracking: null,
      purchase: false,
      bots: [1],
    });
    const sale = await product.sale(await insertSale(db.witness, { botId: 1 }));
    expect(sale.pools).toMatchObject([
      {
        id: 1,
        pixelId: "111",
        hasToken: true,
        trackingEnabled: true,
        purchaseEnabled: true,
        testEventCode: null,
      },
      { id: 2, pixelId: null, hasToken: false, trackingEnabled: false, purchaseEnabled: false },
    ]);
    await db.query(
      "alter table redirect_pools drop column meta_tracking_enabled, drop column meta_events_purchase",
    );
    expect((await product.sale(sale.id)).pools).toMatchObject([
      { trackingEnabled: true, purchaseEnabled: true },
      { trackingEnabled: true, purchaseEnabled: true },
    ]);
  });

  test("a sale is named by its id or its payment id, and an answer comes under the name that asked", async () => {
    const sale = await insertSale(db.witness, { botId: 1, paymentId: "BOT1_á'1", metaEventId: "pageview_1" });
    await insertSale(db.witness, { botId: 1 });
    const found = await product.sales.named([
      "BOT1_á'1",
      String(sale),
      "BOT1_x",
      "9".repeat(30),
      "-1",
      "; --",
    ]);
    expect([...found].map(([name, { id }]) => [name, id])).toEqual([
      [String(sale), sale],
      ["BOT1_á'1", sale],
    ]);
  });

  test("a name that is one sale's id and another one's payment id is refused: either could be meant", async () => {
    const sale = await insertSale(db.witness, { botId: 1 });
    const other = await insertSale(db.witness, { botId: 1, paymentId: String(sale) });
    await expect(product.sales.named([String(sale)])).rejects.toThrow(
      `${sale} is the id of one sale and the payment id of another`,
    );
    expect((await product.sales.named([String(other)])).get(String(other))?.id).toBe(other);
  });
});
