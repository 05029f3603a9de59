import { afterAll, beforeAll, expect, test } from "vitest";
import { openFernet } from "../../src/meta/fernet.js";
import { Secret } from "../../src/redact.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import { databaseNow, insertBot, insertBotUser, insertPool, insertSale, newFernetKey } from "../cast/shop.js";

let shop: ShopDatabase;
let botId: number;

beforeAll(async () => {
  shop = await shopDatabase("rows");
  botId = await insertBot(shop.witness);
});

afterAll(async () => await shop.close());

/** Minutes before now of the four moments, read as the product reads them: Brazil's local time. */
async function minutesAgo(id: number): Promise<Record<string, number | null>> {
  const columns = ["created_at", "paid_at", "meta_purchase_sent_at", "updated_at"];
  const ago = (name: string) =>
    `round(extract(epoch from now() - ${name} at time zone 'America/Sao_Paulo') / 60)::int as ${name}`;
  const [row] = await shop.query<Record<string, number | null>>(
    `select ${columns.map(ago).join(", ")} from payments where id = $1`,
    [id],
  );
  return row ?? {};
}

test("a sale without wishes is stuck: paid five hours ago, flagged, without id, in Brazil's local time", async () => {
  const id = await insertSale(shop.witness, { botId });
  expect(await minutesAgo(id)).toEqual({
    created_at: 303,
    paid_at: 300,
    meta_purchase_sent_at: 298,
    updated_at: 298,
  });
  const [row] = await shop.query("select * from payments where id = $1", [id]);
  expect(row).toMatchObject({ status: "paid", amount: 97, meta_purchase_sent: true, meta_event_id: null });
  expect(row).toMatchObject({ purchase_sent_from_delivery: false, pool_id: null });
  expect(row?.["pageview_event_id"]).toMatch(/^pageview_[\da-f]{32}$/);
  expect(row?.["payment_id"]).toMatch(new RegExp(`^BOT${botId}_\\d{10}_[\\da-f]{8}$`));
});

test("the other moments follow the payment, null leaves one empty, and milliseconds are exact", async () => {
  const young = await insertSale(shop.witness, { botId, paidHoursAgo: 1, flaggedHoursAgo: null });
  expect(await minutesAgo(young)).toMatchObject({
    created_at: 63,
    meta_purchase_sent_at: null,
    updated_at: 58,
  });
  const pending = await insertSale(shop.witness, {
    botId,
    status: "pending",
    flagged: false,
    paidHoursAgo: null,
    createdHoursAgo: 2,
  });
  expect(await minutesAgo(pending)).toMatchObject({
    created_at: 120,
    paid_at: null,
    meta_purchase_sent_at: null,
  });
  const at = (await databaseNow(shop.witness)) - 7_654_321;
  const exact = await insertSale(shop.witness, { botId, paidAt: at });
  const [row] = await shop.query<{ ms: number }>(
    "select (extract(epoch from paid_at at time zone 'America/Sao_Paulo') * 1000)::float8 as ms from payments where id = $1",
    [exact],
  );
  expect(row?.ms).toBe(at);
});

test("what is given wins, odd amounts and further columns included", async () => {
  const extra = { fbc: "fb.1.2.3", meta_purchase_sent: null };
  const id = await insertSale(shop.witness, { botId, amount: "NaN", pageviewEventId: null, extra });
  const [row] = await shop.query("select * from payments where id = $1", [id]);
  expect(row).toMatchObject({
    amount: NaN,
    pageview_event_id: null,
    fbc: "fb.1.2.3",
    meta_purchase_sent: null,
  });
});

test("an id chosen by hand is not given again", async () => {
  expect(await insertSale(shop.witness, { id: 9445, botId })).toBe(9445);
  expect(await insertSale(shop.witness, { botId })).toBe(9446);
  expect(await insertSale(shop.witness, { id: 77, botId })).toBe(77);
  expect(await insertSale(shop.witness, { botId })).toBe(9447);
});

test("a column that was dropped gets no default, and its absence is told where it was asked for", async () => {
  const old = await shopDatabase("old_rows");
  try {
    await old.query(
      "alter table payments drop column pageview_event_id, drop column purchase_sent_from_delivery",
    );
    const bot = await insertBot(old.witness, { name: "Bot da Ana" });
    const id = await insertSale(old.witness, { botId: bot });
    expect(await old.query("select id, status from payments")).toEqual([{ id, status: "paid" }]);
    await expect(insertSale(old.witness, { botId: bot, pageviewEventId: "pageview_1" })).rejects.toThrow(
      "pageview_event_id",
    );
  } finally {
    await old.close();
  }
});

test("a pool holds a token that the product decrypts, serves its bots, and can be broken in each way", async () => {
  const key = newFernetKey();
  const other = await insertBot(shop.witness);
  const bots = { bots: [botId], disabledFor: [other] };
  const pool = await insertPool(shop.witness, { pixelId: "190", token: "token-of-pixel-1", key, ...bots });
  const [row] = await shop.query<{ token: string }>(
    "select meta_access_token as token, * from redirect_pools where id = $1",
    [pool],
  );
  expect(row).toMatchObject({
    meta_pixel_id: "190",
    meta_tracking_enabled: true,
    meta_events_purchase: true,
  });
  expect(row?.token).not.toContain("token-of-pixel-1");
  const opened = openFernet(new Secret(key)).decrypt(row?.token ?? "");
  expect(opened.reveal()).toBe("token-of-pixel-1");
  expect(
    await shop.query("select bot_id, is_enabled from pool_bots where pool_id = $1 order by bot_id", [pool]),
  ).toEqual([
    { bot_id: botId, is_enabled: true },
    { bot_id: other, is_enabled: false },
  ]);
  const broken = { pixelId: null, tokenText: null, tracking: false, purchase: null };
  const [bad] = await shop.query("select * from redirect_pools where id = $1", [
    await insertPool(shop.witness, broken),
  ]);
  expect(bad).toMatchObject({ meta_pixel_id: null, meta_access_token: null, meta_tracking_enabled: false });
  expect(bad).toMatchObject({ meta_events_purchase: null });
  await expect(insertPool(shop.witness, {})).rejects.toThrow("needs a key");
});

test("a bot's customer has an address and a browser unless told otherwise", async () => {
  await insertBotUser(shop.witness, { botId, telegramUserId: "7000000001" });
  await insertBotUser(shop.witness, {
    botId,
    telegramUserId: "7000000002",
    ipAddress: null,
    extra: { fbp: "x" },
  });
  const rows = "select ip_address, fbp from bot_users where bot_id = $1 order by telegram_user_id";
  expect(await shop.query(rows, [botId])).toEqual([
    { ip_address: "203.0.113.7", fbp: null },
    { ip_address: null, fbp: "x" },
  ]);
});
