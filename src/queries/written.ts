import type { Written } from "../ports.js";
import type { Effect } from "../sales/outcome.js";

/** What a guarded write returns of each row that it changed. */
export interface WrittenRow {
  sale_id: string;
  id: string;
  effect: Effect;
  xid: string | null;
  flagged_after: boolean | null;
  flagged_at_after: string | null;
  meta_event_id_after: string | null;
}

export function writtenOf(row: WrittenRow): Written {
  return {
    saleId: Number(row.sale_id),
    attempt: row.id,
    effect: row.effect,
    xid: row.xid,
    flagged: row.flagged_after,
    flaggedAt: row.flagged_at_after,
    metaEventId: row.meta_event_id_after,
  };
}
