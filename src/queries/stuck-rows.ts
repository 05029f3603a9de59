import type { Span } from "../ports.js";
import type { Catalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";
import type { SaleRow } from "./sale-rows.js";
import { saleColumns } from "./sale-rows.js";
import { inSpan, isGivenBack, isReverted, isStuck, isUnsent, openSales } from "./states.js";

/** Sales of a page: those of a window are read, judged and let go so many at a time. Of 2,000, a million took 15 MB more, and no less time. */
export const PAGE = 1_000;

/** Where the sales of a window stand. */
export interface Place {
  readonly catalogue: Catalogue;
  readonly span: Span;
  /** Of the shop's timestamps without zone. */
  readonly timeZone: string;
}

/** Ids in the report's order, joined by commas: ten million bytes of a million sales. */
export interface PageOfIds {
  ids: string;
  count: number;
}

/** As many sales at once as make a single page: a question less where there are no more, as there mostly are not. */
export const FEW = 5_000;

/** The incident report's query, and what we reverted and nobody sent since; `id` settles the order of sales of one moment. */
function openIn(tx: Tx, { catalogue, span, timeZone }: Place): Fragment {
  return openSales(
    tx,
    catalogue,
    (state) => tx`
    select p.id, p.created_at
    from payments p join bots b on p.bot_id = b.id
    where ${state} and ${inSpan(tx, catalogue, span, timeZone)}`,
  );
}

/** The newest of them, one more than are few. */
export async function newestRows(tx: Tx, place: Place): Promise<SaleRow[]> {
  return await tx<SaleRow[]>`
    select ${saleColumns(tx, place.catalogue, place.timeZone)}
    from (
      select id from (${openIn(tx, place)}) open
      order by created_at desc, id desc limit ${tx.unsafe(String(FEW + 1))}
    ) o join payments p on p.id = o.id join bots b on p.bot_id = b.id
    order by p.created_at desc, p.id desc`;
}

/** All of them, ids alone and read at once, since without an index each look at the table takes seconds. */
export async function pagesOfIds(tx: Tx, place: Place): Promise<PageOfIds[]> {
  return await tx<PageOfIds[]>`
    select string_agg(id::text, ',' order by n) as ids, count(*)::int as count
    from (
      select id, row_number() over (order by created_at desc, id desc) as n
      from (${openIn(tx, place)}) open
    ) placed
    group by (n - 1) / ${tx.unsafe(String(PAGE))}
    order by min(n)`;
}

/** Those that still are what they were when their ids were read: stuck, or as we left them. */
export async function rowsOf(tx: Tx, { catalogue, timeZone }: Place, ids: string): Promise<SaleRow[]> {
  const reverted = catalogue.journal ? tx`or (${isGivenBack(tx)})` : tx``;
  return await tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where p.id = any(${`{${ids}}`}::bigint[]) and (${isStuck(tx)} ${reverted})
    order by p.created_at desc, p.id desc`;
}

/** The incident report's query in one, for whoever runs it by hand. */
export function stuckSales(tx: Tx, { catalogue, span, timeZone }: Place): ReturnType<typeof tx<SaleRow[]>> {
  return tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where ${isStuck(tx)}
      and ${inSpan(tx, catalogue, span, timeZone)}
    order by p.created_at desc, p.id desc`;
}

/** Some 80 bytes each in memory, where a sale takes thousands. */
export async function clicksOf(tx: Tx, place: Place): Promise<ReadonlySet<string>> {
  const clicks = clicksIn(tx, place);
  return clicks === null ? new Set() : setOf(await tx<{ click: string }[]>`${clicks}`);
}

/** One look at the table for all pages: without an index on the column each takes seconds. */
export async function sharedClicksOf(
  tx: Tx,
  place: Place,
): Promise<{ readonly clicks: ReadonlySet<string>; readonly newest: number }> {
  // Whoever looks for more of these than are meant finds no fewer: to ask the journal for each took most of a long run.
  const clicks = clicksIn(tx, place, isUnsent(tx));
  // Before the look: what comes while it lasts is newer.
  const [last] = await tx<{ id: string | null }[]>`select max(id) as id from payments`;
  const newest = Number(last?.id ?? 0);
  if (clicks === null) return { clicks: new Set(), newest };
  const rows = await tx<{ click: string }[]>`
    select o.pageview_event_id as click
    from payments o
    where o.pageview_event_id in (${clicks})
    group by o.pageview_event_id having count(*) > 1`;
  return { clicks: setOf(rows), newest };
}

/** By the primary key: few sales are made in minutes. */
export async function clicksAfter(
  tx: Tx,
  { catalogue }: Pick<Place, "catalogue">,
  id: number,
): Promise<ReadonlySet<string>> {
  if (!catalogue.has("payments", "pageview_event_id")) return new Set();
  const rows = await tx<{ click: string }[]>`
    select p.pageview_event_id as click from payments p
    where p.id > ${id}::bigint and p.pageview_event_id <> ''`;
  return setOf(rows);
}

const setOf = (rows: readonly { click: string }[]) => new Set(rows.map(({ click }) => click));

function clicksIn(tx: Tx, { catalogue, span, timeZone }: Place, givenBack = isReverted(tx)): Fragment | null {
  if (!catalogue.has("payments", "pageview_event_id")) return null;
  return openSales(
    tx,
    catalogue,
    (state) => tx`
    select p.pageview_event_id as click
    from payments p join bots b on p.bot_id = b.id
    where ${state} and p.pageview_event_id <> ''
      and ${inSpan(tx, catalogue, span, timeZone)}`,
    givenBack,
  );
}
