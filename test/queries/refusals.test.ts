import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TableLocked, WriteRefused } from "../../src/errors.js";
import type { Lease, Settlement } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, openProduct, settlementOf } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

/*
 * What else lives in the shop's database: triggers that fail in their own ways, and defaults that are not PostgreSQL's.
 * None of it may end a run, or be taken for anything but what it is.
 */

let db: ShopDatabase;
let product: Product;
let lease: Lease;

beforeEach(async () => {
  db = await shopDatabase("refusals");
  await insertBot(db.witness, { id: 1 });
  product = openProduct(db);
  lease = await product.begin();
});

afterEach(async () => {
  await product?.close();
  await db?.close();
});

const insert = async (sale: Partial<Parameters<typeof insertSale>[1]> = {}) =>
  await product.sale(await insertSale(db.witness, { botId: 1, ...sale }));

/** Sales whose acceptance is on record, and waits to be written to their rows. */
async function accepted(...sales: readonly Sale[]): Promise<Settlement[]> {
  const claimed = await product.act.claim(
    lease,
    sales.map((sale) => claimOf(sale)),
  );
  const settlements = claimed.map(({ attempt }) => settlementOf(attempt));
  await product.attempts.answer(lease, settlements);
  return settlements;
}

async function trigger(body: string): Promise<void> {
  await db.query(`create function shops() returns trigger language plpgsql as $$
    begin ${body}; return new; end $$`);
  await db.query("create trigger shops before update on payments for each row execute function shops()");
}

describe("a trigger that fails for one row is a refusal of that row, whatever code it fails with", () => {
  test.each([
    ["a code of its own", "raise exception 'no' using errcode = '45000'"],
    ["a division by zero", "perform 1 / 0"],
    ["a table that is gone", "perform * from shop_audit"],
    ["an assertion", "assert false"],
  ])("%s", async (_, fails) => {
    const [bad, good, back] = [
      await insert(),
      await insert(),
      await insert({ flagged: false, flaggedHoursAgo: null }),
    ];
    const settlements = await accepted(bad, good);
    await trigger(`if new.id in (${bad.id}, ${back.id}) then ${fails}; end if`);
    await expect(product.attempts.settle(lease, settlements)).rejects.toThrow(WriteRefused);
    expect((await product.attempts.settle(lease, settlements.slice(1))).written).toMatchObject([
      { saleId: good.id, effect: "confirmed" },
    ]);
    await expect(product.act.claim(lease, [claimOf(back, { takeBack: true })])).rejects.toThrow(WriteRefused);
    expect([await product.sale(bad.id), await product.sale(back.id)]).toEqual([bad, back]);
  });
});

test("whoever loses a deadlock with the application wrote nothing, and may try again", async () => {
  const sale = await insert();
  const settlements = await accepted(sale);
  await trigger("perform from bots where id = new.bot_id for update");
  const application = new Client({ connectionString: db.url });
  await application.connect();
  try {
    await application.query("set deadlock_timeout = '60s'"); // so that it is ours that is found out
    await application.query("begin");
    await application.query("select from bots where id = 1 for update");
    const settling = product.attempts.settle(lease, settlements).catch((thrown: unknown) => thrown);
    const waits =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while ((await db.query(waits)).length === 0) await db.query("select pg_sleep(0.02)");
    await application.query("update payments set updated_at = updated_at where id = $1", [sale.id]);
    await application.query("commit");
    expect(await settling).toBeInstanceOf(TableLocked);
  } finally {
    await application.end();
  }
  expect((await product.attempts.settle(lease, settlements)).written).toMatchObject([
    { effect: "confirmed" },
  ]);
});

test("a database whose default is a higher isolation level: a row that is written meanwhile is looked at anew", async () => {
  await db.query(`alter database ${db.name} set default_transaction_isolation = 'serializable'`);
  const shop = openProduct(db);
  try {
    const sale = await insert();
    const found = shop.database.write(async (tx) => {
      await tx`select from payments`;
      await db.query("update payments set amount = 1 where id = $1", [sale.id]);
      const rows = await tx<
        { amount: string }[]
      >`select amount::text as amount from payments where id = ${sale.id} for no key update`;
      return rows.map(({ amount }) => Number(amount));
    });
    expect(await found).toEqual([1]);
  } finally {
    await shop.close();
  }
});
