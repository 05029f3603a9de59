import type { Span, StuckSales } from "../ports.js";
import type { Sale } from "../sales/sale.js";
import type { Catalogue } from "./catalogue.js";
import type { Database } from "./database.js";
import { knownCatalogue, newCatalogue } from "./known-catalogue.js";
import { withPools } from "./sale-rows.js";
import type { PageOfIds } from "./stuck-rows.js";
import { pagesOfIds, rowsOf } from "./stuck-rows.js";

/**
 * The stuck sales of a span, and those that we reverted and nobody sent since. Their ids are read at once, and the first
 * page with them; each other page is a transaction of its own, so that a slow reader holds none open. What becomes stuck
 * meanwhile is none of them.
 *
 * @param told is given the catalogue as it was found
 */
export async function readStuck(
  database: Database,
  span: Span,
  timeZone: string,
  told: (catalogue: Catalogue) => void,
): Promise<StuckSales> {
  const { pages, newest } = await database.read(async (tx) => {
    const catalogue = await newCatalogue(tx, database);
    told(catalogue);
    const place = { catalogue, span, timeZone };
    const all = await pagesOfIds(tx, place);
    const [first] = all;
    const rows = first === undefined ? [] : await rowsOf(tx, place, first.ids);
    return { pages: all, newest: await withPools(tx, catalogue, rows) };
  });
  let [held]: [readonly Sale[] | null] = [newest];
  const rowsAgain = async ({ ids }: PageOfIds): Promise<readonly Sale[]> =>
    await database.read(async (tx) => {
      const catalogue = await knownCatalogue(tx, database);
      return await withPools(tx, catalogue, await rowsOf(tx, { catalogue, span, timeZone }, ids));
    });
  return {
    count: pages.reduce((sum, { count }) => sum + count, 0),
    pages: async function* (order = "newest first") {
      for (const page of order === "newest first" ? pages : pages.toReversed()) {
        const sales = page === pages[0] && held !== null ? held : await rowsAgain(page);
        if (page === pages[0]) held = null;
        if (sales.length > 0) yield order === "newest first" ? sales : sales.toReversed();
      }
    },
  };
}
