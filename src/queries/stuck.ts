import type { Span, StuckSales } from "../ports.js";
import type { Sale } from "../sales/sale.js";
import type { Catalogue } from "./catalogue.js";
import type { Database } from "./database.js";
import { knownCatalogue, newCatalogue } from "./known-catalogue.js";
import { withPools } from "./sale-rows.js";
import type { PageOfIds } from "./stuck-rows.js";
import { FEW, newestRows, pagesOfIds, rowsOf } from "./stuck-rows.js";

/**
 * The stuck sales of a span, and those that we reverted and nobody sent since. Few are read at once. Of many the ids are,
 * and then each page in a transaction of its own, so that a slow reader holds none open; what becomes stuck meanwhile is
 * none of them.
 *
 * @param told is given the catalogue as it was found
 */
export async function readStuck(
  database: Database,
  span: Span,
  timeZone: string,
  told: (catalogue: Catalogue) => void,
): Promise<StuckSales> {
  return await database.read(async (tx) => {
    const catalogue = await newCatalogue(tx, database);
    told(catalogue);
    const place = { catalogue, span, timeZone };
    const newest = await newestRows(tx, place);
    if (newest.length <= FEW) return inOnePage(await withPools(tx, catalogue, newest));
    const pages = await pagesOfIds(tx, place);
    const rowsAgain = async ({ ids }: PageOfIds): Promise<readonly Sale[]> =>
      await database.read(async (again) => {
        const known = await knownCatalogue(again, database);
        return await withPools(again, known, await rowsOf(again, { ...place, catalogue: known }, ids));
      });
    return inPages(pages, rowsAgain);
  });
}

type Order = Parameters<StuckSales["pages"]>[0];

const inOrder = <T>(items: readonly T[], order: Order): readonly T[] =>
  order === "oldest first" ? items.toReversed() : items;

function inOnePage(sales: readonly Sale[]): StuckSales {
  return {
    count: sales.length,
    pages: async function* (order) {
      if (sales.length > 0) yield inOrder(sales, order);
    },
  };
}

function inPages(
  pages: readonly PageOfIds[],
  read: (page: PageOfIds) => Promise<readonly Sale[]>,
): StuckSales {
  return {
    count: pages.reduce((sum, { count }) => sum + count, 0),
    pages: async function* (order) {
      for (const page of inOrder(pages, order)) {
        const sales = await read(page);
        if (sales.length > 0) yield inOrder(sales, order);
      }
    },
  };
}
