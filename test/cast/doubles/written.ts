import { WriteRefused } from "../../../src/errors.js";
import type { Written } from "../../../src/ports.js";
import type { Attempt, Row, ShopDouble } from "./shop.js";
import { markOf } from "./shop.js";

/** @throws WriteRefused as PostgreSQL refuses a statement for one of the rows that it would change */
export function refuse({ refusing }: ShopDouble, ids: readonly number[]): void {
  if (ids.some((id) => refusing.has(id)))
    throw new WriteRefused({ what: "The database refused the write", why: "payments_check" });
}

/** The row as the entry remembers it. */
export function afterOf(
  row: Row | undefined,
): Pick<Attempt, "flaggedAfter" | "flaggedAtAfter" | "metaEventIdAfter"> {
  const { flagged = null, flaggedAt = null, metaEventId = null } = row ?? {};
  return { flaggedAfter: flagged, flaggedAtAfter: flaggedAt, metaEventIdAfter: metaEventId };
}

export function writtenOf(entry: Attempt, xid: number | null): Written {
  return {
    saleId: entry.saleId,
    attempt: entry.id,
    effect: entry.effect ?? "kept",
    xid: xid === null ? null : String(xid),
    flagged: entry.flaggedAfter,
    flaggedAt: markOf(entry.flaggedAtAfter),
    metaEventId: entry.metaEventIdAfter,
  };
}
