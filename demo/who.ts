import type { Account, Row } from "./account.js";
import type { Fate } from "./fates.js";
import type { Part, Sale } from "./incident.js";
import { reported, sales } from "./incident.js";

/* Who is who in the story, and whether all came out as it should. */

/** Which of the eight have their event id. */
export function confirmedOfTheEight(rows: readonly Row[]): number[] {
  const done = new Set(rows.flatMap(({ id, meta_event_id: eventId }) => (eventId === null ? [] : [id])));
  return reported.filter((id) => done.has(id));
}

/** The eight must be confirmed: that is what the operator asked for. */
export function unmended(rows: readonly Row[]): string[] {
  const done = new Set(confirmedOfTheEight(rows));
  return reported
    .filter((id) => !done.has(id))
    .map((id) => `sale ${id} was reported, and is still not confirmed`);
}

/** A ledger in which nothing was folded, or nothing was new, would prove nothing. */
export function meaningless({ sent, folded }: Account): string[] {
  const isTelling = folded.length > 0 && folded.length < sent.length;
  return isTelling ? [] : [`Meta folded ${folded.length} of ${sent.length} events: the story shows nothing`];
}

export function idsOf(part: Part): string {
  const ids = sales().flatMap((sale) => (sale.part === part ? [sale.id] : []));
  return [ids.slice(0, -1).join(", "), ids.at(-1)].filter((text) => text !== "").join(" and ");
}

export function saleOf(fate: Fate): Sale {
  const found = sales().find((sale) => sale.fate === fate);
  if (!found) throw new RangeError(`nobody's fate is ${fate}`);
  return found;
}

export const idOf = (fate: Fate) => saleOf(fate).id;

/** Sales that Meta counts under an id that stands in no row. */
export function hidden({ unseen }: Account): string {
  return unseen.map(({ sale, eventId }) => `${sale} (as ${eventId})`).join(", ") || "none";
}
