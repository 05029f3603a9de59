import { randomBytes, randomInt } from "node:crypto";
import { encryptToken } from "./fernet.js";
import type { Columns, Db } from "./shop-row.js";
import { Moment, databaseNow, insertRow } from "./shop-row.js";

export type { Db } from "./shop-row.js";
export { databaseNow } from "./shop-row.js";

/**
 * Rows of the shop's tables (demo/schema.sql) for the demo and for every test. What is not said gets a value that makes
 * the row ordinary: a bot, a pool that may send, a sale that is stuck and could be sent.
 *
 * ```ts
 * const key = newFernetKey();
 * const bot = await insertBot(db, { name: "Bot da Ana" });
 * await insertPool(db, { pixelId: "111", token: "token-of-pixel-1", key, bots: [bot] });
 * const stuck = await insertSale(db, { botId: bot });                      // paid 5 h ago, flagged, without id
 * const young = await insertSale(db, { botId: bot, paidHoursAgo: 0.1 });
 * const sent = await insertSale(db, { botId: bot, metaEventId: "pageview_1" });
 * const odd = await insertSale(db, { botId: bot, flaggedHoursAgo: null, extra: { fbc: "fb.1.2.3" } });
 * ```
 *
 * Moments are hours before now by the database's clock (`…HoursAgo`) or milliseconds since 1970 (`…At`); null leaves the
 * column empty. They are written as the application writes them, in Brazil's local time without zone, and by SQL: a JS
 * Date would be shifted by the driver. A column that a test has dropped gets no default.
 */

/** A bot of the shop; the id is chosen by the database unless given. */
export interface BotRow {
  readonly id?: number;
  readonly name?: string | null;
  readonly username?: string | null;
}

export async function insertBot(db: Db, { id, name, username }: BotRow = {}): Promise<number> {
  const mark = id ?? randomBytes(3).toString("hex");
  return await insertRow(
    db,
    "bots",
    { id, name, username },
    { name: `Bot ${mark}`, username: `bot_${mark}` },
  );
}

/** A pool: where the sales of its bots are reported to. Either `key` or `tokenText` must be given. */
export interface PoolRow {
  readonly id?: number;
  readonly name?: string | null;
  readonly slug?: string | null;
  readonly pixelId?: string | null;
  /** In plain text; `token-of-pixel-<pixel>` unless given. Stored encrypted with `key`. */
  readonly token?: string;
  /** Text of the Fernet key, as `newFernetKey()` makes it. */
  readonly key?: string;
  /** What `meta_access_token` holds instead of an encrypted `token`: something corrupt, or null. */
  readonly tokenText?: string | null;
  readonly tracking?: boolean | null;
  readonly purchase?: boolean | null;
  readonly testEventCode?: string | null;
  /** Bots that the pool serves, enabled. */
  readonly bots?: readonly number[];
  readonly disabledFor?: readonly number[];
}

export async function insertPool(db: Db, pool: PoolRow): Promise<number> {
  const { pixelId = "111" } = pool;
  const mark = pool.id ?? randomBytes(3).toString("hex");
  const given = {
    id: pool.id,
    name: pool.name,
    slug: pool.slug,
    meta_pixel_id: pool.pixelId,
    meta_access_token: storedToken(pool, pixelId),
    meta_tracking_enabled: pool.tracking,
    meta_events_purchase: pool.purchase,
    meta_test_event_code: pool.testEventCode,
  };
  const usual = {
    name: `Pool ${mark}`,
    slug: `pool-${mark}`,
    meta_pixel_id: pixelId,
    meta_tracking_enabled: true,
    meta_events_purchase: true,
  };
  const id = await insertRow(db, "redirect_pools", given, usual);
  for (const [bots, isEnabled] of [[pool.bots, true] as const, [pool.disabledFor, false] as const]) {
    for (const bot of bots ?? []) {
      await db.query("insert into pool_bots (pool_id, bot_id, is_enabled) values ($1, $2, $3)", [
        id,
        bot,
        isEnabled,
      ]);
    }
  }
  return id;
}

function storedToken(pool: PoolRow, pixelId: string | null): string | null {
  if (pool.tokenText !== undefined) return pool.tokenText;
  if (pool.key === undefined) throw new Error("insertPool needs a key to encrypt with, or a tokenText.");
  return encryptToken(pool.key, pool.token ?? `token-of-pixel-${pixelId}`);
}

/** A customer of a bot as the application met them on Telegram. */
export interface BotUserRow {
  readonly botId: number;
  readonly telegramUserId: string;
  readonly ipAddress?: string | null;
  readonly userAgent?: string | null;
  /** Further columns of `bot_users` by their names. */
  readonly extra?: Columns;
}

export async function insertBotUser(db: Db, user: BotUserRow): Promise<void> {
  const given = {
    bot_id: user.botId,
    telegram_user_id: user.telegramUserId,
    ip_address: user.ipAddress,
    user_agent: user.userAgent,
    ...user.extra,
  };
  const usual = {
    ip_address: "203.0.113.7",
    user_agent: "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
  };
  await insertRow(db, "bot_users", given, usual, "0");
}

/** A row of `payments`: unless told otherwise stuck, paid five hours ago, and with all that sending it takes. */
export interface SaleRow {
  readonly id?: number;
  readonly botId: number;
  readonly paymentId?: string;
  readonly status?: string | null;
  readonly amount?: number | "NaN" | null;
  /** 5 unless given. */
  readonly paidHoursAgo?: number | null;
  readonly paidAt?: number | null;
  /** Three minutes before the payment unless given. */
  readonly createdHoursAgo?: number | null;
  readonly createdAt?: number | null;
  /** Two minutes after the payment unless given, and empty for a sale that is not flagged. */
  readonly flaggedHoursAgo?: number | null;
  readonly flaggedAt?: number | null;
  /** The flag time unless given, or where it would be without `flaggedHoursAgo: null`. */
  readonly updatedHoursAgo?: number | null;
  readonly updatedAt?: number | null;
  /** `meta_purchase_sent`; true unless given. */
  readonly flagged?: boolean | null;
  readonly metaEventId?: string | null;
  /** A new `pageview_…` for each sale unless given. */
  readonly pageviewEventId?: string | null;
  /** `purchase_sent_from_delivery`; false unless given. */
  readonly sentFromDelivery?: boolean | null;
  readonly poolId?: number | null;
  readonly customerUserId?: string | null;
  readonly customerEmail?: string | null;
  readonly customerPhone?: string | null;
  readonly customerName?: string | null;
  readonly productName?: string | null;
  /** Further columns of `payments` by their names; they win over all above. */
  readonly extra?: Columns;
}

const hour = 3_600_000;
const minute = 60_000;

export async function insertSale(db: Db, sale: SaleRow): Promise<number> {
  const now = await databaseNow(db);
  const times = timesOf(sale, now);
  const customer = `user_${randomInt(1_000_000_000, 9_999_999_999)}`;
  const { flagged = true } = sale;
  const given = {
    id: sale.id,
    bot_id: sale.botId,
    payment_id: sale.paymentId,
    status: sale.status,
    amount: sale.amount,
    meta_event_id: sale.metaEventId,
    pageview_event_id: sale.pageviewEventId,
    purchase_sent_from_delivery: sale.sentFromDelivery,
    pool_id: sale.poolId,
    customer_user_id: sale.customerUserId,
    customer_email: sale.customerEmail,
    customer_phone: sale.customerPhone,
    customer_name: sale.customerName,
    product_name: sale.productName,
    ...sale.extra,
  };
  const seconds = Math.floor((times.paid_at?.ms ?? now) / 1000);
  const usual = {
    payment_id: `BOT${sale.botId}_${seconds}_${randomBytes(4).toString("hex")}`,
    status: "paid",
    amount: 97,
    meta_purchase_sent: flagged,
    pageview_event_id: `pageview_${randomBytes(16).toString("hex")}`,
    purchase_sent_from_delivery: false,
    customer_user_id: customer,
    customer_email: `cliente.${customer}@example.com`,
    ...times,
  };
  return await insertRow(db, "payments", given, usual);
}

/** All four moments hang on the payment's, so that a test need only say how long ago that was. */
function timesOf(sale: SaleRow, now: number) {
  const { flagged = true } = sale;
  const at = (ms: number | null | undefined, hoursAgo: number | null | undefined, usual: number | null) =>
    ms !== undefined ? ms : hoursAgo === undefined ? usual : hoursAgo === null ? null : now - hoursAgo * hour;
  const paid = at(sale.paidAt, sale.paidHoursAgo, now - 5 * hour);
  const origin = paid ?? at(sale.createdAt, sale.createdHoursAgo, null) ?? now - 5 * hour;
  const flag = at(sale.flaggedAt, sale.flaggedHoursAgo, flagged === true ? origin + 2 * minute : null);
  const updated = at(sale.updatedAt, sale.updatedHoursAgo, flag ?? origin + 2 * minute);
  return {
    created_at: Moment.of(at(sale.createdAt, sale.createdHoursAgo, origin - 3 * minute)),
    updated_at: Moment.of(updated),
    paid_at: Moment.of(paid),
    meta_purchase_sent_at: Moment.of(flag),
  };
}
