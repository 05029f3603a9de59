import type { Graph } from "./graph/start.js";
import type { Sale } from "./incident.js";
import { bots, moments, paymentIdOf, pixels, pools, sales } from "./incident.js";
import type { Db } from "./shop.js";
import { databaseNow, insertBot, insertBotUser, insertPool, insertSale } from "./shop.js";

const minute = 60_000;

/** Fills an empty shop with the incident, and the stand-in for Meta with what had arrived there before. Returns its moment. */
export async function seed(db: Db, graph: Graph, key: string): Promise<number> {
  const now = await databaseNow(db);
  await graph.configure({ pixels });
  await graph.sales(sales().map((sale) => registered(sale, now)));
  await db.query("begin");
  for (const bot of bots) await insertBot(db, bot);
  for (const { pixel, ...pool } of pools) {
    await insertPool(db, { ...pool, key, pixelId: pixel?.id ?? null, token: pixel?.tokens[0] ?? "none" });
  }
  for (const sale of sales()) await insert(db, sale, now);
  await db.query("commit");
  for (const { id } of pixels) {
    await sendAsTheApplication(
      graph,
      id,
      sales().flatMap((sale) => eventOf(sale, id)),
      now,
    );
  }
  return now;
}

async function insert(db: Db, sale: Sale, now: number): Promise<void> {
  const { paid, flagged } = moments(sale, now);
  const isPaid = sale.status === "paid";
  const customer = sale.customer === null ? null : `user_${7_000_000_000 + sale.customer}`;
  await insertSale(db, {
    id: sale.id,
    botId: sale.bot,
    paymentId: paymentIdOf(sale, now),
    status: sale.status,
    amount: sale.amount,
    createdAt: paid - 3 * minute,
    paidAt: isPaid ? paid : null,
    updatedAt: isPaid ? flagged : paid,
    flagged: isPaid,
    flaggedAt: isPaid ? flagged : null,
    metaEventId: sale.part === "healthy" ? sale.pageview : null,
    pageviewEventId: sale.pageview,
    customerUserId: customer,
    customerEmail: sale.customer === null ? null : `cliente${sale.customer}@example.com`,
    productName: sale.product,
    extra: { is_upsell: sale.isUpsell, delivery_token: `delivery${sale.id}`, utm_source: "facebook" },
  });
  if (sale.customer === null || sale.isUpsell || sale.customer % 2 === 0) return;
  await insertBotUser(db, { botId: sale.bot, telegramUserId: String(7_000_000_000 + sale.customer) });
}

/** Lets the ledger name the sale of each event. */
function registered(sale: Sale, now: number) {
  const eventTime = Math.floor(moments(sale, now).paid / 1000);
  return {
    sale: sale.id,
    eventTime,
    value: sale.amount,
    eventIds: sale.pageview === null ? [] : [sale.pageview],
  };
}

/** An event of the application: which sale, and the id that it used. */
export interface Sent {
  readonly sale: Sale;
  readonly eventId: string;
}

function eventOf(sale: Sale, pixel: string): Sent[] {
  return sale.atMeta?.pixel === pixel ? [{ sale, eventId: sale.atMeta.eventId }] : [];
}

/** The application's own events, with the ids that it used, in the order of the payments. */
export async function sendAsTheApplication(
  graph: Graph,
  pixel: string,
  events: readonly Sent[],
  now: number,
): Promise<void> {
  const token = pixels.find(({ id }) => id === pixel)?.tokens[0] ?? "";
  const data = events.map(({ sale, eventId }) => ({
    event_name: "Purchase",
    event_time: Math.floor(moments(sale, now).paid / 1000),
    event_id: eventId,
    action_source: "website",
    user_data: { client_ip_address: "203.0.113.7", client_user_agent: "Mozilla/5.0" },
    custom_data: { currency: "BRL", value: sale.amount },
  }));
  const answer = await fetch(`${graph.url}/v26.0/${pixel}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ data }),
  });
  if (!answer.ok) throw new Error(`the stand-in refused the application's events: ${await answer.text()}`);
}
