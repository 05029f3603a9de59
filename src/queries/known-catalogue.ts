import type { Catalogue } from "./catalogue.js";
import { distrust, readCatalogue } from "./catalogue.js";
import type { Database, Tx } from "./database.js";

const kept = new WeakMap<Database, Catalogue>();

/**
 * The catalogue as this process last read it in this database. A survey begins by reading it anew, and what follows in
 * the survey uses it: four statements in each of five transactions were a third of what the server did for one.
 */
export async function knownCatalogue(tx: Tx, database: Database): Promise<Catalogue> {
  const known = kept.get(database);
  if (known === undefined) return await newCatalogue(tx, database);
  if (known.unanalysed) await distrust(tx);
  return known;
}

/** Read anew, and kept for what follows. */
export async function newCatalogue(tx: Tx, database: Database): Promise<Catalogue> {
  const catalogue = await readCatalogue(tx);
  kept.set(database, catalogue);
  return catalogue;
}

/**
 * Whether a survey that is under way saw that none of these tables of ours exist: then no transaction is needed to find
 * nothing in them. Before the first catalogue, nobody knows.
 */
export function isWithout(database: Database, ...own: readonly string[]): boolean {
  const known = kept.get(database);
  return known !== undefined && !own.some((name) => known.own.has(name));
}

/** After our schema was changed. */
export function forgetCatalogue(database: Database): void {
  kept.delete(database);
}
