import { describe, expect, test } from "vitest";
import type { Lease, Settlement } from "../../src/ports.js";
import type { Evidence } from "../../src/sales/evidence.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, settlementOf } from "../cast/product.js";
import { insertBot, insertPool, insertSale } from "../cast/shop.js";
import { stage } from "../cast/stage.js";

let db: ShopDatabase;
let product: Product;
let lease: Lease;

stage("evidence", { command: "resend" }, (on) => ({ db, product, lease } = on));

const insert = async (sale: Partial<Parameters<typeof insertSale>[1]> = {}) =>
  await product.sale(await insertSale(db.witness, { botId: 1, ...sale }));

async function about(sale: Sale): Promise<Evidence> {
  const now = await product.sales.now();
  const found = (await product.evidence.about([await product.sale(sale.id)], now)).get(sale.id);
  if (!found) throw new Error("no evidence about the sale");
  return found;
}

async function claim(sale: Sale, eventId = sale.pageviewEventId ?? ""): Promise<string> {
  const fresh = await product.sale(sale.id);
  const [claimed] = await product.act.claim(lease, [claimOf(fresh, { eventId, takeBack: !fresh.flagged })]);
  return claimed?.attempt ?? "";
}

async function attempt(sale: Sale, settlement: Partial<Settlement>, eventId?: string): Promise<void> {
  await product.act.settle(lease, [settlementOf(await claim(sale, eventId), settlement)]);
}

async function giveBack(sale: Sale): Promise<void> {
  await product.runs.release(lease, {});
  lease = await product.begin("revert");
  const { mark } = await product.sale(sale.id);
  expect(await product.act.revert(lease, [{ saleId: sale.id, mark }])).toHaveLength(1);
}

/** Another run, and some time: `attempted_at` of everything so far moves into the past. */
async function later(hours: number): Promise<void> {
  await db.query("update purchase_fix.attempt set attempted_at = attempted_at - $1 * interval '1 hour'", [
    hours,
  ]);
}

describe("our own journal", () => {
  test("without an attempt, or without a journal, there is nothing to tell", async () => {
    const sale = await insert();
    const nothing = {
      traces: [],
      live: [],
      siblings: [],
      complete: false,
      flagTimes: [],
      reverted: false,
      refused: null,
    };
    expect(await about(sale)).toMatchObject(nothing);
    await db.query("drop schema purchase_fix cascade");
    expect(await about(sale)).toMatchObject(nothing);
    expect((await product.evidence.about([], 0)).size).toBe(0);
  });

  const answers = [
    ["accepted", "accepted", false, null],
    ["refused", "refused", false, "no such pixel"],
    ["not-sent", "not-sent", false, null],
    ["unconfirmed", "unknown", true, null],
  ] as const;

  test.each(answers)("an answer %s is a trace that says %s", async (answer, result, unsettled, refused) => {
    const sale = await insert();
    await attempt(sale, { answer, because: "no such pixel" });
    await later(3);
    const now = await product.sales.now();
    const { traces, ...rest } = await about(sale);
    expect(traces).toEqual([
      {
        source: "journal",
        by: "purchase-fix",
        at: expect.any(Number),
        pixelId: "111",
        eventId: sale.pageviewEventId,
        result,
        unsettled,
        because: expect.stringContaining(lease.run),
      },
    ]);
    expect(Math.abs((traces[0]?.at ?? 0) - (now - 3 * 3_600_000))).toBeLessThan(60_000);
    expect(rest).toMatchObject({ refused, reverted: false });
  });

  test("an attempt that nobody has settled is open, whatever became of its run", async () => {
    const sale = await insert();
    await claim(sale);
    expect((await about(sale)).traces).toMatchObject([{ result: "unknown", unsettled: true }]);
    await product.runs.release(lease, {});
    expect((await about(sale)).traces).toMatchObject([{ result: "unknown", unsettled: true }]);
  });

  test("the flag times before each entry are kept, so that a flag set anew makes no sale younger", async () => {
    const sale = await insert({ paidHoursAgo: 30 });
    await giveBack(sale);
    await db.query(
      "update payments set meta_purchase_sent = true, meta_purchase_sent_at = $2 where id = $1",
      [sale.id, "2026-11-20 10:31:15.123456"],
    );
    await attempt(sale, { answer: "not-sent" });
    expect((await about(sale)).flagTimes).toEqual([
      sale.flaggedAt,
      Date.parse("2026-11-20T10:31:15.123-03:00"),
    ]);
  });

  test("a revert is no attempt to send, and neither is a confirmation", async () => {
    const [reverted, confirmed] = [await insert(), await insert()];
    await giveBack(reverted);
    await product.runs.release(lease, {});
    lease = await product.begin("confirm");
    await product.act.confirm(lease, [claimOf(await product.sale(confirmed.id))]);
    expect(await about(reverted)).toMatchObject({ traces: [], reverted: true });
    expect(await about(confirmed)).toMatchObject({ traces: [], reverted: false });
  });

  test("only the last entry tells whether the sale is given back, and whether Meta refuses it", async () => {
    const sale = await insert();
    await attempt(sale, { answer: "refused", revert: true, because: "bad e-mail" });
    expect(await about(sale)).toMatchObject({ reverted: true, refused: "bad e-mail" });
    await attempt(sale, { answer: "not-sent" });
    expect(await about(sale)).toMatchObject({ reverted: false, refused: null });
    await giveBack(sale);
    expect(await about(sale)).toMatchObject({ reverted: true, refused: null, traces: { length: 2 } });
  });
});

describe("sales that we gave back", () => {
  const listed = async (since = 0) =>
    (await product.stuck({ since, until: null })).map(({ id, flagged }) => [id, flagged]);

  test("stay listed, in their place, until they have an id or a flag again", async () => {
    const [oldest, sale, newest] = [
      await insert({ paidHoursAgo: 9 }),
      await insert({ paidHoursAgo: 6 }),
      await insert({ paidHoursAgo: 3 }),
    ];
    await insert({ flagged: false });
    await giveBack(sale);
    const all = [
      [newest.id, true],
      [sale.id, false],
      [oldest.id, true],
    ];
    expect(await listed()).toEqual(all);
    expect(await listed(newest.createdAt ?? 0)).toEqual([[newest.id, true]]);
    const states: Record<string, boolean> = {
      "status = 'refunded'": false,
      "meta_event_id = 'pageview_1'": false,
      "meta_purchase_sent = true, meta_event_id = 'pageview_1'": false,
      "meta_purchase_sent = true": true,
      "meta_purchase_sent = null": true,
    };
    for (const [set, still] of Object.entries(states)) {
      await db.query("begin");
      await db.query(`update payments set ${set} where id = $1`, [sale.id]);
      await db.query("commit");
      expect(
        (await listed()).some(([id]) => id === sale.id),
        set,
      ).toBe(still);
      await db.query(
        "update payments set status = 'paid', meta_purchase_sent = false, meta_event_id = null where id = $1",
        [sale.id],
      );
    }
    expect(await listed()).toEqual(all);
  });

  test("are listed once, as stuck, when the application flags them again, and as given back when we do so again", async () => {
    const sale = await insert();
    await giveBack(sale);
    await db.query("update payments set meta_purchase_sent = true, meta_purchase_sent_at = localtimestamp");
    expect(await listed()).toEqual([[sale.id, true]]);
    await giveBack(sale);
    expect(await listed()).toEqual([[sale.id, false]]);
  });

  test("are not listed when a later entry of ours says otherwise", async () => {
    const sale = await insert();
    await giveBack(sale);
    await claim(sale);
    await db.query("update payments set meta_purchase_sent = false, meta_purchase_sent_at = null");
    expect(await listed()).toEqual([]);
  });
});

describe("sales of one click", () => {
  const click = "pageview_shared";
  const siblingsOf = async (sale: Sale) =>
    Object.fromEntries((await about(sale)).siblings.map(({ id, ...sibling }) => [id, sibling]));

  test("know each other whatever their state; others, and sales without a click, know nobody", async () => {
    const sale = await insert({ pageviewEventId: click });
    const upsell = await insert({ pageviewEventId: click, paidHoursAgo: 4 });
    const pending = await insert({
      pageviewEventId: click,
      status: "pending",
      flagged: false,
      paidHoursAgo: null,
    });
    const lonely = await insert();
    const without = [
      await insert({ pageviewEventId: null }),
      await insert({ pageviewEventId: "" }),
      await insert({ pageviewEventId: "" }),
    ];
    expect(await siblingsOf(sale)).toEqual({
      [upsell.id]: {
        paymentId: upsell.paymentId,
        status: "paid",
        flagged: true,
        metaEventId: null,
        createdAt: upsell.createdAt,
        firstAttempt: upsell.paidAt,
        lastAttempt: upsell.flaggedAt,
        acceptedAt: null,
        countedAs: null,
        journalled: false,
        open: true,
        pixels: [],
      },
      [pending.id]: {
        paymentId: pending.paymentId,
        status: "pending",
        flagged: false,
        metaEventId: null,
        createdAt: pending.createdAt,
        firstAttempt: pending.createdAt,
        lastAttempt: null,
        acceptedAt: null,
        countedAs: null,
        journalled: false,
        open: false,
        pixels: [],
      },
    });
    expect(Object.keys(await siblingsOf(pending)).map(Number)).toEqual([sale.id, upsell.id]);
    for (const one of [lonely, ...without]) expect(await siblingsOf(one)).toEqual({});
  });

  test("one that Meta took from us under another id than the click's counts by that, and carries the click no more than before", async () => {
    const sale = await insert({ pageviewEventId: click });
    const upsell = await insert({ pageviewEventId: click, paidHoursAgo: 4 });
    await attempt(upsell, { answer: "unconfirmed" }, "purchase_own");
    expect((await siblingsOf(sale))[upsell.id]).toMatchObject({ countedAs: null });
    await attempt(upsell, {}, "purchase_own");
    expect((await siblingsOf(sale))[upsell.id]).toMatchObject({
      countedAs: "purchase_own",
      acceptedAt: null,
      journalled: false,
    });
  });

  test("share an event only within one pixel: a bot of another pixel's pool has an event of its own", async () => {
    const [first, second, third] = [
      await insertBot(db.witness),
      await insertBot(db.witness),
      await insertBot(db.witness),
    ];
    await insertPool(db.witness, { pixelId: "1001", tokenText: "x", bots: [first, second] });
    await insertPool(db.witness, { pixelId: "2002", tokenText: "x", bots: [third] });
    const [mine, same, other] = [
      await insert({ botId: first, pageviewEventId: "shared" }),
      await insert({ botId: second, pageviewEventId: "shared" }),
      await insert({ botId: third, pageviewEventId: "shared" }),
    ];
    expect(Object.keys(await siblingsOf(mine))).toEqual([String(same.id)]);
    expect(await siblingsOf(other)).toEqual({});
    await db.query("delete from pool_bots; delete from redirect_pools");
  });

  test("of several sales at once, each learns of its own siblings", async () => {
    const [a1, a2] = [await insert({ pageviewEventId: "a" }), await insert({ pageviewEventId: "a" })];
    const [b1, b2] = [await insert({ pageviewEventId: "b" }), await insert({ pageviewEventId: "b" })];
    const found = await product.evidence.about([a1, b1, b2], await product.sales.now());
    const ids = [a1, b1, b2].map(({ id }) => found.get(id)?.siblings.map((sibling) => sibling.id));
    expect(ids).toEqual([[a2.id], [b2.id], [b1.id]]);
  });

  test("an acceptance of the shared id: by the row, at its flag time, or by our journal, even where the row was left", async () => {
    const sale = await insert({ pageviewEventId: click });
    const byRow = await insert({ pageviewEventId: click, metaEventId: click });
    const timeless = await insert({ pageviewEventId: click, metaEventId: click, flaggedHoursAgo: null });
    const byUs = await insert({ pageviewEventId: click });
    await db.query("update payments set meta_purchase_sent_at = $2 where id = $1", [
      byUs.id,
      "2026-11-20 10:31:15.123456",
    ]);
    const attemptId = await claim(byUs);
    await db.query("update payments set meta_event_id = 'another' where id = $1", [byUs.id]);
    await product.act.settle(lease, [settlementOf(attemptId)]);
    const now = await product.sales.now();
    const siblings = await siblingsOf(sale);
    expect(siblings[byRow.id]).toMatchObject({ acceptedAt: byRow.flaggedAt, journalled: false, open: false });
    expect(siblings[timeless.id]).toMatchObject({ acceptedAt: timeless.paidAt });
    expect(siblings[byUs.id]).toMatchObject({ metaEventId: "another", journalled: true, open: false });
    expect(Math.abs((siblings[byUs.id]?.acceptedAt ?? 0) - now)).toBeLessThan(60_000);
  });

  test("an attempt under another id is no attempt with the shared one, but counts as its earliest when it was", async () => {
    const sale = await insert({ pageviewEventId: click });
    const own = await insert({ pageviewEventId: click, paidHoursAgo: 2 });
    await attempt(own, { answer: "accepted" }, `purchase_${own.id}`);
    await later(7);
    const sibling = (await siblingsOf(sale))[own.id];
    expect(sibling).toMatchObject({ metaEventId: `purchase_${own.id}`, acceptedAt: null, journalled: false });
    expect(
      Math.abs((sibling?.firstAttempt ?? 0) - ((await product.sales.now()) - 7 * 3_600_000)),
    ).toBeLessThan(60_000);
  });

  test("the latest attempt is the latest flag, those before a revert included; one in the future is none", async () => {
    const sale = await insert({ pageviewEventId: click });
    const [reverted, ahead] = [
      await insert({ pageviewEventId: click, paidHoursAgo: 30, flaggedHoursAgo: 2 }),
      await insert({ pageviewEventId: click, paidHoursAgo: 30, flaggedHoursAgo: -1 }),
    ];
    await giveBack(reverted);
    const siblings = await siblingsOf(sale);
    expect(siblings[reverted.id]).toMatchObject({ lastAttempt: reverted.flaggedAt, flagged: false });
    expect(siblings[ahead.id]).toMatchObject({ lastAttempt: null, flagged: true });
  });

  test("one past 47 hours can no longer be settled under the shared id", async () => {
    const sale = await insert({ pageviewEventId: click });
    const [inside, outside] = [
      await insert({ pageviewEventId: click, paidHoursAgo: 46.9 }),
      await insert({ pageviewEventId: click, paidHoursAgo: 47.1 }),
    ];
    const siblings = await siblingsOf(sale);
    expect([siblings[inside.id]?.open, siblings[outside.id]?.open]).toEqual([true, false]);
  });

  test("one that is not paid any more, or given back, can no longer be settled under it either", async () => {
    const sale = await insert({ pageviewEventId: click });
    const refunded = await insert({ pageviewEventId: click, status: "refunded" });
    const reverted = await insert({ pageviewEventId: click });
    await giveBack(reverted);
    const siblings = await siblingsOf(sale);
    expect([siblings[refunded.id]?.open, siblings[reverted.id]?.open]).toEqual([false, false]);
  });
});

describe("the catalogue that a survey keeps", () => {
  test("is not kept over a change of ours: a journal that was made since is read", async () => {
    await db.query("drop schema purchase_fix cascade");
    const sale = await insert();
    expect((await about(sale)).traces).toEqual([]);
    lease = await product.begin("resend");
    await product.act.claim(lease, [claimOf(sale, { eventId: sale.pageviewEventId ?? "" })]);
    expect((await product.evidence.about([sale], Date.now())).get(sale.id)?.traces).toHaveLength(1);
  });

  test("begins with each survey: a column that the shop dropped since is not asked for", async () => {
    const sale = await insert();
    await about(sale);
    await db.query("alter table payments rename column purchase_sent_from_delivery to another");
    try {
      expect((await product.sale(sale.id)).sentFromDelivery).toBeNull();
    } finally {
      await db.query("alter table payments rename column another to purchase_sent_from_delivery");
    }
  });
});
