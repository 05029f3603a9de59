import type { HistoryReader, Journalled, Span } from "../ports.js";
import { parseAmount } from "../sales/money.js";
import type { Effect } from "../sales/outcome.js";
import type { Catalogue } from "./catalogue.js";
import { hasOwnColumn, readCatalogue } from "./catalogue.js";
import { asInstant, columnsOf } from "./columns.js";
import type { Database, Tx } from "./database.js";
import { readPools } from "./pools.js";
import { LONGEST_NAME } from "./sale-rows.js";
import { inSpan } from "./states.js";

/** Sales of the journal per statement: a page of them takes a few megabytes, whatever the journal holds. */
const PAGE = 10_000;

/** Reads what the journal made of the shop's sales, page by page. Nothing where there is no journal. */
export function openHistory(database: Database, timeZone: string): HistoryReader {
  return {
    journalled: (span, each) =>
      database.read(async (tx) => {
        const catalogue = await readCatalogue(tx);
        if (!catalogue.journal) return;
        const hasCause = await hasOwnColumn(tx, "attempt", "cause");
        for (let after = "0", full = true; full;) {
          const rows = await journalledSales(tx, catalogue, { span, after, hasCause, timeZone });
          for (const sale of await salesOf(tx, catalogue, rows)) each(sale);
          full = rows.length === PAGE;
          after = rows.at(-1)?.sale_id ?? after;
        }
      }),
  };
}

interface HistoryRow {
  sale_id: string;
  /** Null where the sale is not of the span, or no more. */
  id: string | null;
  bot_id: string;
  bot_name: string | null;
  status: string | null;
  flagged: boolean | null;
  has_id: boolean;
  amount: string | null;
  created: string | null;
  paid: string | null;
  pool_id: string | null;
  last_effect: Effect | null;
  stands: boolean;
  accepted: boolean;
  pixel_id: string | null;
  cause: string | null;
}

interface Wanted {
  readonly span: Span;
  readonly after: string;
  readonly hasCause: boolean;
  readonly timeZone: string;
}

/**
 * A page of the journal's sales in the order of their ids, each with its entries put together, and its row where the
 * span has it. The page is cut before the rows are looked up, so that its last id tells where the next one begins;
 * its ids bound the look-up, so that all pages together read the shop's table once.
 */
async function journalledSales(
  tx: Tx,
  catalogue: Catalogue,
  { span, after, hasCause, timeZone }: Wanted,
): Promise<HistoryRow[]> {
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  const cause = hasCause ? tx`a.cause` : tx`null::text`;
  return await tx<HistoryRow[]>`
    with j as (
      select a.sale_id,
             (array_agg(a.effect order by a.id desc))[1] as last_effect,
             coalesce(max(a.id) filter (where a.effect = 'confirmed' or a.answer = 'accepted'), 0)
               > coalesce(max(a.id) filter (where a.effect in ('reverted', 'restored')), 0) as stands,
             coalesce(bool_or(a.answer = 'accepted'), false) as accepted,
             (array_agg(a.pixel_id order by a.id desc) filter (where a.pixel_id <> ''))[1] as pixel_id,
             (array_agg(${cause} order by a.id desc) filter (where ${cause} is not null))[1] as cause
      from purchase_fix.attempt a
      where a.sale_id > ${after}::bigint
      group by a.sale_id
      order by a.sale_id
      limit ${PAGE}
    )
    select j.*, s.*
    from j
    left join (
      select p.id, p.bot_id, left(b.name::text, ${tx.unsafe(String(LONGEST_NAME))}) as bot_name,
             p.status::text as status, p.meta_purchase_sent as flagged, p.meta_event_id is not null as has_id,
             ${p.text("amount")} as amount, ${p.instant("created_at")} as created, ${p.instant("paid_at")} as paid,
             ${p.plain("pool_id")} as pool_id
      from payments p join bots b on p.bot_id = b.id
      where p.id >= (select min(j.sale_id) from j) and p.id <= (select max(j.sale_id) from j)
        and ${inSpan(tx, catalogue, span, timeZone)}
    ) s on s.id = j.sale_id
    order by j.sale_id`;
}

async function salesOf(tx: Tx, catalogue: Catalogue, rows: readonly HistoryRow[]): Promise<Journalled[]> {
  const found = rows
    .filter(({ id }) => id !== null)
    .map((row) => ({
      row,
      botId: Number(row.bot_id),
      poolId: row.pool_id === null ? null : Number(row.pool_id),
    }));
  if (found.length === 0) return [];
  const pools = await readPools(tx, catalogue, found);
  return found.map(({ row, botId, poolId }) => {
    const createdAt = asInstant(row.created);
    return {
      id: Number(row.id),
      botId,
      botName: row.bot_name ?? "",
      amount: row.amount === null ? null : (parseAmount(row.amount) ?? row.amount),
      createdAt,
      pixelId: row.pixel_id,
      pools: pools.of({ botId, poolId }),
      cause: row.cause,
      standing: {
        status: row.status ?? "null",
        flagged: row.flagged === true,
        hasId: row.has_id,
        paidAt: asInstant(row.paid) ?? createdAt,
        trail: { lastEffect: row.last_effect, stands: row.stands, accepted: row.accepted },
      },
    };
  });
}
