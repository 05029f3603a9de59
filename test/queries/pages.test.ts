import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FEW, PAGE } from "../../src/queries/stuck-rows.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { openProduct } from "../cast/product.js";
import { insertBot } from "../cast/shop.js";

const always = { since: 0, until: null };

describe.each(["timestamp", "timestamptz"])("stuck sales page by page, created_at of type %s", (type) => {
  let db: ShopDatabase;
  let product: Product;

  /** Three in four stuck, one in four reverted by us; 700 of one microsecond, the others microseconds apart. */
  beforeAll(async () => {
    db = await shopDatabase("pages");
    await insertBot(db.witness, { id: 1, name: "Um" });
    await db.query(`alter table payments alter created_at type ${type}`);
    await db.query(`
      insert into payments (bot_id, payment_id, status, amount, meta_purchase_sent, pageview_event_id, created_at)
      select 1, 'BOT_' || i, 'paid', 10, i % 4 > 0, 'pageview_' || i,
             now() - interval '1 hour' - greatest(0, i - 700) * interval '1 microsecond'
      from generate_series(1, ${FEW + 2 * PAGE + 500}) i`);
    product = openProduct(db);
    const { run } = await product.begin("revert");
    await db.query(
      `insert into purchase_fix.attempt (run_id, sale_id, effect, settled_at, flagged_before)
       select '${run}', id, 'reverted', now(), true from payments where not meta_purchase_sent`,
    );
  });

  afterAll(async () => {
    await product?.close();
    await db?.close();
  });

  const inOrder = async () =>
    (await db.query<{ id: number }>("select id from payments order by created_at desc, id desc")).map(
      ({ id }) => id,
    );

  test("are all of them, each once and in the report's order, and no page is larger than a page", async () => {
    const pages: number[][] = [];
    for await (const page of (await product.sales.stuck(always)).pages())
      pages.push(page.map(({ id }) => id));
    expect(pages.flat()).toEqual(await inOrder());
    expect(pages.map(({ length }) => length)).toEqual([
      ...Array.from({ length: FEW / PAGE + 2 }, () => PAGE),
      500,
    ]);
  });

  test("what is confirmed, sent or made while they are read is neither listed nor in the way", async () => {
    const expected = await inOrder();
    const [late, given] = [expected.at(-1), expected.filter((id) => id % 4 === 0).at(-1)];
    const seen: number[] = [];
    try {
      for await (const page of (await product.sales.stuck(always)).pages()) {
        seen.push(...page.map(({ id }) => id));
        if (seen.length > PAGE) continue;
        await db.query(`update payments set meta_event_id = 'pageview_late' where id = ${late}`);
        await db.query(
          `update payments set meta_purchase_sent = true, meta_event_id = 'x' where id = ${given}`,
        );
        await db.query(`insert into payments (bot_id, payment_id, status, meta_purchase_sent, created_at)
          values (1, 'BOT_new', 'paid', true, now())`);
      }
    } finally {
      await db.query("delete from payments where payment_id = 'BOT_new'");
      await db.query("update payments set meta_purchase_sent = id % 4 > 0, meta_event_id = null");
    }
    expect(seen).toEqual(expected.filter((id) => id !== late && id !== given));
  });

  test("few are one page, in the same order, and the oldest come first where they are asked so", async () => {
    const expected = await inOrder();
    const edge = await product.sale(expected[FEW - 1] ?? 0);
    // A millisecond holds a thousand of them, of which the first are left out.
    const few = await product.sales.stuck({ since: (edge.createdAt ?? 0) + 1, until: null });
    expect(few.count).toBeGreaterThan(FEW - 1_001);
    expect(few.count).toBeLessThanOrEqual(FEW);
    const pages = [];
    for await (const page of few.pages("oldest first")) pages.push(page.map(({ id }) => id));
    expect(pages).toEqual([expected.slice(0, few.count).toReversed()]);
    const all = [];
    for await (const page of (await product.sales.stuck(always)).pages("oldest first"))
      all.push(...page.map(({ id }) => id));
    expect(all).toEqual(expected.toReversed());
  });

  test("clicks that another sale bears too are told, whatever its state; those of one sale are not", async () => {
    await db.query(
      "insert into payments (bot_id, payment_id, status, pageview_event_id, created_at) values (1, 'BOT_pending', 'pending', 'pageview_7', now()), (1, 'BOT_a', 'pending', 'pageview_none', now()), (1, 'BOT_b', 'pending', 'pageview_none', now())",
    );
    const { clicks, newest } = await product.sales.sharedClicks(always);
    expect(clicks).toEqual(new Set(["pageview_7"]));
    expect(await product.sales.clicksAfter(newest)).toEqual(new Set());
    await db.query(
      "insert into payments (bot_id, payment_id, status, pageview_event_id, created_at) values (1, 'BOT_later', 'pending', 'pageview_9', now())",
    );
    expect(await product.sales.clicksAfter(newest)).toEqual(new Set(["pageview_9"]));
    await db.query("delete from payments where status = 'pending'");
    expect((await product.sales.sharedClicks(always)).clicks).toEqual(new Set());
  });

  test("the ids of their clicks are those of all pages, and of no other sale", async () => {
    const others = await db.query<{ click: string }>(
      `insert into payments (bot_id, payment_id, status, meta_purchase_sent, pageview_event_id, created_at)
       select 1, 'BOT_other_' || state, state, true, 'pageview_' || state, now()
       from unnest(array['pending', 'refunded']) state returning pageview_event_id as click`,
    );
    const clicks = await product.sales.clicks(always);
    const found = await product.stuck(always);
    expect(clicks).toEqual(new Set(found.map(({ pageviewEventId }) => pageviewEventId)));
    expect(clicks.size).toBe(FEW + 2 * PAGE + 500);
    expect(others.some(({ click }) => clicks.has(click))).toBe(false);
    await db.query("delete from payments where payment_id like 'BOT_other_%'");
  });
});
