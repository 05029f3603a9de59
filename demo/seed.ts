import type { Graph } from "./graph/start.js";
import type { Sale } from "./incident.js";
import { bots, pixels, pools, sales } from "./incident.js";
import type { Db } from "./shop.js";
import { databaseNow, insertBot, insertBotUser, insertPool, insertSale } from "./shop.js";

const hour = 3_600_000;
const minute = 60_000;

/** Fills an empty shop with the incident, and the stand-in for Meta with what had arrived there before. */
export async function seed(db: Db, graph: Graph, key: string): Promise<void> {
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
  for (const pixel of pixels) await sendAsTheApplication(graph, pixel.id, pixel.tokens[0] ?? "", now);
}

/** Milliseconds since 1970. */
function paidAt(sale: Sale, now: number): number {
  return now - sale.hoursAgo * hour + 3 * minute;
}

async function insert(db: Db, sale: Sale, now: number): Promise<void> {
  const paid = paidAt(sale, now);
  const isPaid = sale.status === "paid";
  const customer = sale.customer === null ? null : `user_${7_000_000_000 + sale.customer}`;
  await insertSale(db, {
    id: sale.id,
    botId: sale.bot,
    paymentId: `BOT${sale.bot}_${Math.floor(paid / 1000)}_${(sale.id * 1237).toString(16)}`,
    status: sale.status,
    amount: sale.amount,
    createdAt: paid - 3 * minute,
    paidAt: isPaid ? paid : null,
    updatedAt: isPaid ? paid + 2 * minute : paid,
    flagged: isPaid,
    flaggedAt: isPaid ? paid + 2 * minute : null,
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
  const eventTime = Math.floor(paidAt(sale, now) / 1000);
  return {
    sale: sale.id,
    eventTime,
    value: sale.amount,
    eventIds: sale.pageview === null ? [] : [sale.pageview],
  };
}

/** The application's own events, with the ids that it used, in the order of the payments. */
async function sendAsTheApplication(graph: Graph, pixel: string, token: string, now: number): Promise<void> {
  const data = sales()
    .filter((sale) => sale.atMeta?.pixel === pixel)
    .map((sale) => ({
      event_name: "Purchase",
      event_time: Math.floor(paidAt(sale, now) / 1000),
      event_id: sale.atMeta?.eventId,
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
