import { expect, test } from "vitest";
import type { Claim, Lease, Settlement } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, settlementOf } from "../cast/product.js";
import { insertSale } from "../cast/shop.js";
import { stage } from "../cast/stage.js";

let db: ShopDatabase;
let product: Product;
let lease: Lease;

stage("journal", {}, (on) => ({ db, product, lease } = on));

const sell = async () =>
  await product.sale(await insertSale(db.witness, { botId: 1, pageviewEventId: "click" }));

async function attempt(
  sale: Sale,
  claim: Partial<Claim>,
  settlement: Partial<Settlement> | null,
): Promise<string> {
  const [claimed] = await product.act.claim(lease, [claimOf(sale, claim)]);
  if (!claimed) throw new Error("it could not be claimed");
  if (settlement) await product.act.settle(lease, [settlementOf(claimed.attempt, settlement)]);
  return claimed.attempt;
}

const unconfirmed = { answer: "unconfirmed" } as const;

async function unsettled(): Promise<string[]> {
  const list = await product.journal.entries({ sales: [], run: null, unsettledOnly: true, limit: 100 });
  return (list ?? []).map(({ id }) => String(id)).toReversed();
}

test("an attempt that a later acceptance of the same sale, pixel and event id settled is no longer unsettled", async () => {
  const sale = await sell();
  const first = await attempt(sale, {}, unconfirmed);
  const second = await attempt(sale, {}, unconfirmed);
  expect(await unsettled()).toEqual([first, second]);
  await attempt(sale, {}, {});
  expect(await unsettled()).toEqual([]);
  const all = await product.journal.entries({ sales: [], run: null, unsettledOnly: false, limit: 100 });
  expect(all?.map(({ answer }) => answer)).toEqual(["accepted", "unconfirmed", "unconfirmed"]);
});

test.each<[string, Partial<Claim>, Partial<Settlement> | null]>([
  ["an acceptance under another event id", { eventId: "purchase_1" }, {}],
  ["an acceptance by another pixel", { pixelId: "222" }, {}],
  ["a refusal", {}, { answer: "refused" }],
  ["what was not sent", {}, { answer: "not-sent" }],
])("%s does not settle it: the first copy may have arrived", async (_, claim, settlement) => {
  const sale = await sell();
  const first = await attempt(sale, {}, unconfirmed);
  await attempt(sale, claim, settlement);
  expect(await unsettled()).toEqual([first]);
});

test("nor does the acceptance of another sale, even of the same click; an open attempt is unsettled, too", async () => {
  const [sale, other, third] = [await sell(), await sell(), await sell()];
  const first = await attempt(sale, {}, unconfirmed);
  await attempt(other, {}, {});
  const open = await attempt(third, {}, null);
  expect(await unsettled()).toEqual([first, open]);
});

test("nor an acceptance that came before: an attempt after it is one more", async () => {
  const sale = await sell();
  await attempt(sale, {}, {});
  await db.query("update payments set meta_event_id = null");
  const after = await attempt(await product.sale(sale.id), {}, unconfirmed);
  expect(await unsettled()).toEqual([after]);
});

test("an acceptance whose run died before it wrote to the row is unsettled until the sale is confirmed", async () => {
  const sale = await sell();
  const died = await attempt(sale, {}, null);
  await product.attempts.answer(lease, [settlementOf(died)]);
  const other = await attempt(await sell(), {}, null);
  expect(await unsettled()).toEqual([died, other]);
  await product.act.confirm(lease, [claimOf(sale)]);
  expect(await unsettled()).toEqual([other]);
});
