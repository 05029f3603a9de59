import { parseAmount } from "../sales/money.js";
import type { Sale } from "../sales/sale.js";
import type { Catalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { asInstant, columnsOf } from "./columns.js";
import type { Tx } from "./database.js";
import type { Place } from "./pools.js";
import { readPools } from "./pools.js";

/** A sale as a statement with `saleColumns` returns it. */
export interface SaleRow {
  id: string;
  payment_id: string | null;
  bot_id: string;
  bot_name: string | null;
  bot_username: string | null;
  status: string | null;
  amount: string | null;
  created: string | null;
  paid: string | null;
  updated: string | null;
  flagged: boolean | null;
  flagged_at: string | null;
  flag_mark: string | null;
  meta_event_id: string | null;
  pageview_event_id: string | null;
  sent_from_delivery: boolean | null;
  names_customer: boolean | null;
  pool_id: string | null;
}

/** Characters of a bot's name; the application allows 255. Each sale brings a copy: 60 of a name of 10 MB were the end of us. */
export const LONGEST_NAME = 2_000;

/** What every statement about sales selects, of `payments p` joined with `bots b`. */
export function saleColumns(tx: Tx, catalogue: Catalogue, timeZone: string): Fragment {
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  const b = columnsOf(tx, catalogue, "bots", "b", timeZone);
  return tx`p.id, p.payment_id, p.bot_id, left(b.name::text, ${tx.unsafe(String(LONGEST_NAME))}) as bot_name,
           ${b.plain("username")} as bot_username,
           p.status::text as status, ${p.text("amount")} as amount,
           ${p.instant("created_at")} as created,
           ${p.instant("paid_at")} as paid,
           ${p.instant("updated_at")} as updated,
           p.meta_purchase_sent as flagged,
           ${p.instant("meta_purchase_sent_at")} as flagged_at,
           ${p.text("meta_purchase_sent_at")} as flag_mark,
           p.meta_event_id, ${p.plain("pageview_event_id")} as pageview_event_id,
           ${p.plain("purchase_sent_from_delivery")} as sent_from_delivery,
           ${p.text("customer_user_id")} ~ '^(user_)?[0-9]+$' as names_customer, ${p.plain("pool_id")} as pool_id`;
}

/** Rows as sales, each with the pools that could take its event. */
export async function withPools(tx: Tx, catalogue: Catalogue, rows: readonly SaleRow[]): Promise<Sale[]> {
  const places = rows.map(placeOf);
  const pools = await readPools(tx, catalogue, places);
  const shared = sharing();
  return rows.map((row, at) => {
    const place = places[at] ?? placeOf(row);
    return {
      id: Number(row.id),
      paymentId: row.payment_id ?? "",
      botId: place.botId,
      botName: shared(row.bot_name) ?? "",
      botUsername: shared(row.bot_username),
      status: shared(row.status) ?? "null",
      amount: row.amount === null ? null : (parseAmount(row.amount) ?? row.amount),
      createdAt: asInstant(row.created),
      paidAt: asInstant(row.paid),
      updatedAt: asInstant(row.updated),
      flagged: row.flagged === true,
      flaggedAt: asInstant(row.flagged_at),
      mark: { flaggedAt: row.flag_mark, amount: row.amount },
      metaEventId: row.meta_event_id,
      pageviewEventId: row.pageview_event_id || null,
      sentFromDelivery: row.sent_from_delivery,
      namesCustomer: row.names_customer === true,
      pools: pools.of(place),
    };
  });
}

function placeOf({ bot_id, pool_id }: SaleRow): Place {
  return { botId: Number(bot_id), poolId: pool_id === null ? null : Number(pool_id) };
}

/** The driver makes a text for each cell: of those that rows have in common one is kept (a seventh of what a sale held). */
function sharing(): <Text extends string | null>(text: Text) => Text {
  const kept = new Map<string, string>();
  return (text) => {
    if (text === null) return text;
    const known = kept.get(text);
    if (known === undefined) kept.set(text, text);
    return (known ?? text) as typeof text;
  };
}
