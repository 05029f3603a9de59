import type { Sibling } from "../sales/evidence.js";
import type { Instant, Pool, Sale } from "../sales/sale.js";
import { ACCEPTED_FOR, FOLDING } from "../sales/verdict.js";
import type { JournalRow } from "./attempt-rows.js";
import { acceptedAt, flagTimes, undoneConfirms } from "./attempt-rows.js";
import type { Catalogue } from "./catalogue.js";
import { asInstant, columnsOf } from "./columns.js";
import type { Tx } from "./database.js";
import { list } from "./list.js";

/** A sale that bears the click of another. */
export interface SiblingRow {
  id: string;
  payment_id: string | null;
  bot_id: string;
  pool_id: string | null;
  pageview_event_id: string;
  status: string;
  flagged: boolean | null;
  meta_event_id: string | null;
  created: string | null;
  paid: string | null;
  flagged_at: string | null;
}

/**
 * All sales, of any status, that share the click of one of these: the sales themselves among them. A click that one sale
 * alone bears is left out, and with it nearly all of them: to bring their rows here cost a tenth of a long find.
 *
 * @param shared the clicks that several sales bear, where somebody knows: no others are looked for then
 */
export async function readSiblings(
  tx: Tx,
  catalogue: Catalogue,
  sales: readonly Sale[],
  timeZone: string,
  shared: ReadonlySet<string> | null = null,
): Promise<SiblingRow[]> {
  const all = new Set(sales.map((sale) => sale.pageviewEventId).filter((id) => id !== null));
  const clicks = [...all].filter((id) => shared === null || shared.has(id));
  if (clicks.length === 0) return [];
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  return await tx<SiblingRow[]>`
    with bearers as materialized (
      select p.id, p.pageview_event_id as click from payments p
      where p.pageview_event_id = any(${list(tx, "text", clicks)})
    ), shared as (
      select click from bearers group by click having count(*) > 1
    )
    select p.id, p.payment_id, p.bot_id, ${p.plain("pool_id")} as pool_id, p.pageview_event_id, p.status::text as status, p.meta_purchase_sent as flagged, p.meta_event_id,
           ${p.instant("created_at")} as created, ${p.instant("paid_at")} as paid,
           ${p.instant("meta_purchase_sent_at")} as flagged_at
    from payments p
    where p.id in (select b.id from bearers b join shared using (click))
    order by p.id`;
}

/** What such a sale is to the others of its click; `rows` are the journal's about it. */
export function siblingOf(
  row: SiblingRow,
  rows: readonly JournalRow[],
  pools: readonly Pool[] | null,
  now: Instant,
): Sibling {
  const [created, paid, flagged] = [row.created, row.paid, row.flagged_at].map(asInstant);
  const moment = paid ?? created ?? null;
  const same = rows.filter((entry) => entry.event_id === row.pageview_event_id);
  const accepted = same.find((entry) => entry.answer === "accepted");
  const undone = undoneConfirms(rows).find((entry) => entry.event_id === row.pageview_event_id);
  const stored = row.meta_event_id === row.pageview_event_id ? (flagged ?? moment) : null;
  const attempts = [moment, ...rows.map((entry) => asInstant(entry.attempted))].filter((at) => at !== null);
  const flags = [flagged ?? null, ...flagTimes(rows)].filter((at) => at !== null && at <= now);
  const inTime = moment !== null && now - moment < Math.min(FOLDING, ACCEPTED_FOR);
  const told = same.map((entry) => entry.pixel_id).filter((pixel) => pixel !== null);
  const possible = (pools ?? []).map((pool) => pool.pixelId).filter((pixel) => pixel !== null);
  return {
    id: Number(row.id),
    paymentId: row.payment_id ?? "",
    pixels: pools === null ? null : [...new Set(told.length > 0 ? told : possible)],
    status: row.status,
    flagged: row.flagged === true,
    metaEventId: row.meta_event_id,
    createdAt: created ?? null,
    firstAttempt: attempts.length === 0 ? null : Math.min(...attempts),
    lastAttempt: flags.length === 0 ? null : Math.max(...(flags as Instant[])),
    acceptedAt: accepted ? asInstant(accepted.attempted) : (stored ?? (undone ? acceptedAt(undone) : null)),
    countedAs: rows.find((entry) => entry.answer === "accepted" && !same.includes(entry))?.event_id ?? null,
    journalled: same.length > 0,
    open: row.status === "paid" && row.flagged === true && row.meta_event_id === null && inTime,
  };
}
