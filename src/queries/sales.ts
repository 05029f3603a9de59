import { KnownError } from "../errors.js";
import type { Outside, SalesReader, Span } from "../ports.js";
import { parseAmount } from "../sales/money.js";
import type { Sale } from "../sales/sale.js";
import { ACCEPTED_FOR } from "../sales/verdict.js";
import type { Catalogue } from "./catalogue.js";
import { readCatalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { asInstant, columnsOf, isZoned } from "./columns.js";
import type { Database, Tx } from "./database.js";
import { idsNamed } from "./names.js";
import type { SaleRow } from "./sale-rows.js";
import { saleColumns, withPools } from "./sale-rows.js";

/** Reads sales in read-only transactions. `timeZone` is that of the shop's timestamps without zone. */
export function openSales(database: Database, timeZone: string): SalesReader {
  return {
    now: () =>
      database.read(async (tx) => {
        const [row] = await tx<
          { now: string }[]
        >`select (extract(epoch from clock_timestamp()) * 1000)::text as now`;
        return asInstant(row?.now ?? null) ?? Number.NaN;
      }),
    stuck: (span) =>
      database.read(async (tx) => {
        const catalogue = await readCatalogue(tx);
        const stuck = await stuckSales(tx, catalogue, span, timeZone);
        const reverted = catalogue.journal ? await revertedSales(tx, catalogue, span, timeZone) : [];
        const rows = [...stuck, ...reverted].toSorted(
          (a, b) => Number(b.created ?? 0) - Number(a.created ?? 0),
        );
        return await withPools(tx, catalogue, rows);
      }),
    named: (references) =>
      database.read(async (tx) => {
        const catalogue = await readCatalogue(tx);
        const rows = await namedSales(tx, catalogue, references, timeZone);
        const sales = await withPools(tx, catalogue, rows);
        return byName(sales, references);
      }),
    outside: (span, now) =>
      database.read(async (tx) => await outsideSpan(tx, await readCatalogue(tx), span, now, timeZone)),
    statement: async (span) => {
      const catalogue = await database.read(readCatalogue);
      return await database.statementOf((tx) => stuckSales(tx, catalogue, span, timeZone));
    },
  };
}

/**
 * The incident report's query. The predicate is written literally and bare, so that a partial index over it is used;
 * `id` settles the order of sales of one moment.
 */
function stuckSales(tx: Tx, catalogue: Catalogue, span: Span, timeZone: string) {
  return tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where p.status = 'paid' and p.meta_purchase_sent = true and p.meta_event_id is null
      and ${inSpan(tx, catalogue, span, timeZone)}
    order by p.created_at desc, p.id desc`;
}

/** Sales whose last entry in the journal is a revert, and that nobody has flagged or confirmed since. */
async function revertedSales(tx: Tx, catalogue: Catalogue, span: Span, timeZone: string): Promise<SaleRow[]> {
  return await tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where p.id in (select sale_id from purchase_fix.attempt where effect = 'reverted')
      and (select a.effect from purchase_fix.attempt a where a.sale_id = p.id order by a.id desc limit 1) = 'reverted'
      and p.status = 'paid' and p.meta_purchase_sent is not true and p.meta_event_id is null
      and ${inSpan(tx, catalogue, span, timeZone)}`;
}

async function namedSales(
  tx: Tx,
  catalogue: Catalogue,
  names: readonly string[],
  timeZone: string,
): Promise<SaleRow[]> {
  return await tx<SaleRow[]>`
    select ${saleColumns(tx, catalogue, timeZone)}
    from payments p join bots b on p.bot_id = b.id
    where p.id in (${idsNamed(tx, names)})
    order by p.created_at desc, p.id desc`;
}

/** @throws KnownError where a name is the id of one sale and the payment id of another: naming is consent. */
function byName(sales: readonly Sale[], references: readonly string[]): Map<string, Sale> {
  const found = new Map<string, Sale>();
  const wanted = new Set(references);
  for (const sale of sales) {
    for (const name of [String(sale.id), sale.paymentId]) {
      if (!wanted.has(name)) continue;
      if (found.has(name) && found.get(name) !== sale) throw ambiguous(name);
      found.set(name, sale);
    }
  }
  return found;
}

function ambiguous(name: string): KnownError {
  return new KnownError({
    what: `${name} is the id of one sale and the payment id of another`,
    why: "either could be meant; nothing was changed",
    next: "name the sale by its other name",
  });
}

/** The parameter is converted, never the column, so that an index over `created_at` is used. */
function inSpan(tx: Tx, catalogue: Catalogue, { since, until }: Span, timeZone: string): Fragment {
  const zoned = isZoned(catalogue, "payments", "created_at");
  const at = (ms: number) => {
    const moment = tx`${new Date(ms).toISOString()}::timestamptz`;
    return zoned ? moment : tx`(${moment} at time zone ${timeZone})`;
  };
  const from = tx`p.created_at >= ${at(since)}`;
  return until === null ? from : tx`${from} and p.created_at < ${at(until)}`;
}

async function outsideSpan(
  tx: Tx,
  catalogue: Catalogue,
  span: Span,
  now: number,
  timeZone: string,
): Promise<Outside> {
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  const paid = tx`coalesce(${p.instant("paid_at")}, ${p.instant("created_at")})::numeric`;
  const oldest = now - ACCEPTED_FOR;
  const amount = p.text("amount");
  const [row] = await tx<{ count: string; amount: string | null; soon: string }[]>`
    select count(*) as count, sum(case when ${amount} ~ '^[-+.0-9eE]+$' then ${amount}::numeric end)::text as amount,
           count(*) filter (where ${paid} > ${oldest}::numeric and ${paid} <= ${oldest + 86_400_000}::numeric) as soon
    from payments p join bots b on p.bot_id = b.id
    where p.status = 'paid' and p.meta_purchase_sent = true and p.meta_event_id is null
      and not coalesce((${inSpan(tx, catalogue, span, timeZone)}), false)`;
  return {
    count: Number(row?.count ?? 0),
    amount: parseAmount(row?.amount ?? "0") ?? "0.00",
    expiringSoon: Number(row?.soon ?? 0),
  };
}
