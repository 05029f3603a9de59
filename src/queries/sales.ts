import { KnownError } from "../errors.js";
import type { SalesReader } from "../ports.js";
import type { Sale } from "../sales/sale.js";
import type { Catalogue } from "./catalogue.js";
import { readCatalogue } from "./catalogue.js";
import { knownCatalogue, newCatalogue } from "./known-catalogue.js";
import { asInstant } from "./columns.js";
import type { Database, Tx } from "./database.js";
import { idsNamed } from "./names.js";
import { once } from "./once.js";
import { outsideSpan } from "./outside.js";
import { filteredInWords } from "./policies.js";
import type { SaleRow } from "./sale-rows.js";
import { saleColumns, withPools } from "./sale-rows.js";
import { readStuck } from "./stuck.js";
import { clicksAfter, clicksOf, sharedClicksOf, stuckSales } from "./stuck-rows.js";

/**
 * Reads sales in read-only transactions. `timeZone` is that of the shop's timestamps without zone; `warn` is told once
 * where policies may withhold rows.
 */
export function openSales(
  database: Database,
  timeZone: string,
  warn: (line: string) => void = () => undefined,
): SalesReader {
  const tell = once(warn);
  const tellFiltered = ({ filtered }: Catalogue): void => {
    if (filtered.length > 0) tell(filteredInWords(filtered));
  };
  return {
    now: () =>
      database.read(async (tx) => {
        const [row] = await tx<
          { now: string }[]
        >`select (extract(epoch from clock_timestamp()) * 1000)::text as now`;
        return asInstant(row?.now ?? null) ?? Number.NaN;
      }),
    stuck: (span) => readStuck(database, span, timeZone, tellFiltered),
    named: (references) =>
      database.read(async (tx) => {
        const catalogue = await newCatalogue(tx, database);
        tellFiltered(catalogue);
        const rows = await namedSales(tx, catalogue, references, timeZone);
        const sales = await withPools(tx, catalogue, rows);
        return byName(sales, references);
      }),
    clicks: (span) =>
      database.read(async (tx) => {
        const catalogue = await knownCatalogue(tx, database);
        return await clicksOf(tx, { catalogue, span, timeZone });
      }),
    sharedClicks: (span) =>
      database.read(async (tx) => {
        const catalogue = await knownCatalogue(tx, database);
        return await sharedClicksOf(tx, { catalogue, span, timeZone });
      }),
    clicksAfter: (id) =>
      database.read(async (tx) => {
        const catalogue = await knownCatalogue(tx, database);
        return await clicksAfter(tx, { catalogue }, id);
      }),
    outside: (span, now) =>
      database.read(
        async (tx) => await outsideSpan(tx, await knownCatalogue(tx, database), span, now, timeZone),
      ),
    statement: async (span) => {
      const catalogue = await database.read(readCatalogue);
      return await database.statementOf((tx) => stuckSales(tx, { catalogue, span, timeZone }));
    },
  };
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
