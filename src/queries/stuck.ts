import type { Span } from "../ports.js";
import type { Sale } from "../sales/sale.js";
import type { Catalogue } from "./catalogue.js";
import type { Database } from "./database.js";
import { knownCatalogue, newCatalogue } from "./known-catalogue.js";
import { withPools } from "./sale-rows.js";
import type { PlacedRow, RevertedRow } from "./stuck-rows.js";
import { PAGE, pageAfter, revertedOf, rowsOf } from "./stuck-rows.js";

/**
 * The stuck sales of a span in the incident report's order, among them those that we reverted and nobody sent since.
 * Each page is a transaction of its own, so that a slow reader holds none open: a page begins behind the last sale of the
 * one before, and what became stuck meanwhile is newer than all of them.
 *
 * @param told is given the catalogue as the first page found it
 */
export async function* stuckPages(
  database: Database,
  span: Span,
  timeZone: string,
  told: (catalogue: Catalogue) => void,
): AsyncGenerator<readonly Sale[]> {
  let [rows, reverted]: [PlacedRow[], RevertedRow[]] = [[], []];
  let last: PlacedRow | null = null;
  for (let [first, isWhole] = [true, false]; !isWhole || rows.length + reverted.length > 0; first = false) {
    const page = await database.read(async (tx) => {
      const catalogue = first ? await newCatalogue(tx, database) : await knownCatalogue(tx, database);
      if (first) told(catalogue);
      const place = { catalogue, span, timeZone };
      const more: PlacedRow[] = isWhole || rows.length >= PAGE ? [] : await pageAfter(tx, place, last);
      const given = first && catalogue.journal ? await revertedOf(tx, place) : reverted;
      const next = merged([...rows, ...more], given);
      const theirs = next.filter((row) => !isPlaced(row)).map(({ id }) => id);
      const mine = next.filter(isPlaced);
      const all =
        theirs.length === 0 ? mine : [...mine, ...(await rowsOf(tx, place, theirs))].toSorted(inOrder);
      return { more, given, taken: { mine, theirs }, sales: await withPools(tx, catalogue, all) };
    });
    isWhole ||= rows.length < PAGE && page.more.length < PAGE;
    last = page.more.at(-1) ?? last;
    rows = [...rows, ...page.more].slice(page.taken.mine.length);
    reverted = page.given.slice(page.taken.theirs.length);
    if (page.sales.length > 0) yield page.sales;
  }
}

const isPlaced = (row: PlacedRow | RevertedRow): row is PlacedRow => "place" in row;

const inOrder = (a: RevertedRow, b: RevertedRow) =>
  Number(b.created ?? 0) - Number(a.created ?? 0) || Number(b.id) - Number(a.id);

/** The first of both lists, in the order of both; no further than either is known. */
function merged(
  rows: readonly PlacedRow[],
  reverted: readonly RevertedRow[],
): readonly (PlacedRow | RevertedRow)[] {
  if (reverted.length === 0) return rows.slice(0, PAGE);
  const next: (PlacedRow | RevertedRow)[] = [];
  for (let [at, other] = [0, 0]; next.length < PAGE;) {
    const [row, given] = [rows[at], reverted[other]];
    if (row === undefined && given === undefined) break;
    if (given === undefined || (row !== undefined && inOrder(row, given) <= 0)) {
      if (row !== undefined) next.push(row);
      at += 1;
    } else {
      next.push(given);
      other += 1;
    }
  }
  return next;
}
