import type { Span } from "../ports.js";
import type { Catalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { isZoned } from "./columns.js";
import type { Tx } from "./database.js";
import type { SaleRow } from "./sale-rows.js";
import { saleColumns } from "./sale-rows.js";
import { inSpan, isReverted, isStuck } from "./states.js";

/** Sales of a page: those of a window are read, judged and let go so many at a time: of 5,000, 240 MB were in use, a tenth faster. */
export const PAGE = 2_000;

/** A stuck sale, and where in the report's order it stands: to the last digit, since a Date would cut microseconds off. */
export interface PlacedRow extends SaleRow {
  place: string;
}

/** Of a sale that we reverted: there may be as many as were ever given back, so no more of each is held. */
export interface RevertedRow {
  id: string;
  created: string | null;
}

/** Where the sales of a window stand. */
export interface Place {
  readonly catalogue: Catalogue;
  readonly span: Span;
  /** Of the shop's timestamps without zone. */
  readonly timeZone: string;
}

/** The incident report's query; `id` settles the order of sales of one moment. */
export function stuckSales(tx: Tx, { catalogue, span, timeZone }: Place): ReturnType<typeof tx<SaleRow[]>> {
  return tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where ${isStuck(tx)}
      and ${inSpan(tx, catalogue, span, timeZone)}
    order by p.created_at desc, p.id desc`;
}

/** The same, a page of it. The first condition is the second's, for an index that knows no ids. */
export async function pageAfter(
  tx: Tx,
  { catalogue, span, timeZone }: Place,
  last: PlacedRow | null,
): Promise<PlacedRow[]> {
  const type = tx.unsafe(isZoned(catalogue, "payments", "created_at") ? "timestamptz" : "timestamp");
  // By way of text: the driver makes a Date of what it takes for a time, and would cut its microseconds off.
  const behind: Fragment =
    last === null
      ? tx``
      : tx`and p.created_at <= ${last.place}::text::${type}
      and (p.created_at, p.id) < (${last.place}::text::${type}, ${last.id}::bigint)`;
  return await tx<PlacedRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}, p.created_at::text as place
    from payments p join bots b on p.bot_id = b.id
    where ${isStuck(tx)}
      and ${inSpan(tx, catalogue, span, timeZone)} ${behind}
    order by p.created_at desc, p.id desc
    limit ${tx.unsafe(String(PAGE))}`;
}

export async function revertedOf(tx: Tx, { catalogue, span, timeZone }: Place): Promise<RevertedRow[]> {
  const moment = isZoned(catalogue, "payments", "created_at")
    ? tx`p.created_at`
    : tx`p.created_at at time zone ${timeZone}`;
  return await tx<RevertedRow[]>`
    select p.id, (extract(epoch from ${moment}) * 1000)::text as created
    from payments p join bots b on p.bot_id = b.id
    where ${isReverted(tx)}
      and ${inSpan(tx, catalogue, span, timeZone)}
    order by p.created_at desc, p.id desc`;
}

/** Those that are still as we left them: a page may be read long after the first. */
export async function rowsOf(tx: Tx, { catalogue, timeZone }: Place, ids: readonly string[]) {
  if (ids.length === 0) return [];
  return await tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where p.id in (select value::bigint from jsonb_array_elements_text(${tx.json(ids)}::jsonb))
      and p.status = 'paid' and p.meta_purchase_sent is not true and p.meta_event_id is null`;
}

/** Some 80 bytes each in memory, where a sale takes thousands. */
export async function clicksOf(tx: Tx, { catalogue, span, timeZone }: Place): Promise<ReadonlySet<string>> {
  if (!catalogue.has("payments", "pageview_event_id")) return new Set();
  const clicks = (state: Fragment) => tx`
    select p.pageview_event_id as click
    from payments p join bots b on p.bot_id = b.id
    where ${state} and p.pageview_event_id <> ''
      and ${inSpan(tx, catalogue, span, timeZone)}`;
  const reverted = catalogue.journal ? tx`union all ${clicks(isReverted(tx))}` : tx``;
  const rows = await tx<{ click: string }[]>`${clicks(isStuck(tx))} ${reverted}`;
  return new Set(rows.map(({ click }) => click));
}
