import type { Blame } from "../sales/outcome.js";
import type { Instant } from "../sales/sale.js";
import { asInstant } from "./columns.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";
import { list } from "./list.js";

/** An entry of the journal, as far as it is evidence. */
export interface JournalRow {
  id: string;
  sale_id: string;
  command: string;
  run_id: string;
  event_id: string | null;
  event_id_origin: string | null;
  meta_event_id_before: string | null;
  pixel_id: string | null;
  answer: "accepted" | "refused" | "unconfirmed" | "not-sent" | null;
  effect: string | null;
  code: number | null;
  subcode: number | null;
  because: string | null;
  attempted: string;
  flagged_at_before: string | null;
  blame: Blame | null;
  /** Of its request; null where the journal is older than that. */
  events: number | null;
  pixel_took: boolean;
  others_refused: boolean;
}

/**
 * What an entry is of. A run that reconciles has entries of all three: one without an answer that is settled was a
 * change of the row alone.
 */
export function commandOf(tx: Tx): Fragment {
  return tx`case when r.command <> 'reconcile' then r.command
                when a.answer is null and a.effect = 'confirmed' then 'confirm'
                when a.answer is null and a.effect = 'reverted' then 'revert'
                else 'resend' end`;
}

/**
 * All entries about these sales, the oldest first, found sale by sale: `offset 0` keeps PostgreSQL from reading through all
 * of a journal for each page, which took a seventh of a long run. `blames`: whether the journal tells whose fault a failure was.
 */
export async function readJournal(
  tx: Tx,
  ids: readonly number[],
  { blames }: { readonly blames: boolean },
): Promise<JournalRow[]> {
  return await tx<JournalRow[]>`
    select a.id, a.sale_id, ${commandOf(tx)} as command, a.run_id, a.event_id, a.event_id_origin, a.meta_event_id_before,
           a.pixel_id, a.answer, a.effect, a.code, a.subcode, a.because,
           (extract(epoch from a.attempted_at) * 1000)::text as attempted,
           (extract(epoch from a.flagged_at_before_instant) * 1000)::text as flagged_at_before,
           ${blames ? faults(tx) : tx`null as blame, null as events, false as pixel_took, false as others_refused`}
    from unnest(${list(tx, "bigint", ids)}) w(sale_id)
    cross join lateral (select * from purchase_fix.attempt a where a.sale_id = w.sale_id offset 0) a
    join purchase_fix.run r on r.id = a.run_id
    order by a.id`;
}

/** Asked only of attempts that count against their sale: in a run of thousands these are few. */
function faults(tx: Tx): Fragment {
  const counts = tx`(a.blame = 'sale' or (a.answer = 'unconfirmed' and a.events = 1))`;
  return tx`a.blame, a.events,
           ${counts} is true and exists (
             select from purchase_fix.attempt b
             where b.run_id = a.run_id and b.pixel_id = a.pixel_id and b.answer = 'accepted') as pixel_took,
           ${counts} is true and exists (
             select from purchase_fix.attempt b
             where b.run_id = a.run_id and b.pixel_id = a.pixel_id and b.sale_id <> a.sale_id
               and b.blame in ('sale', 'pixel')) as others_refused`;
}

/** Commands whose entries are no attempts to send. */
const silent: ReadonlySet<string> = new Set(["revert", "confirm", "undo"]);

/** The attempts to send among them. */
export function sendsOf(rows: readonly JournalRow[]): JournalRow[] {
  return rows.filter(({ command }) => !silent.has(command));
}

/**
 * Confirmations that were undone. That Meta had the sale stays on record when the row forgets it: the evidence may be
 * rotated away meanwhile. An operator's word does not: it was taken back.
 */
export function undoneConfirms(rows: readonly JournalRow[]): JournalRow[] {
  return rows.filter(
    (row, at) =>
      row.command === "confirm" &&
      row.effect === "confirmed" &&
      row.event_id_origin !== "attestation" &&
      rows.slice(at + 1).some((later) => later.command === "undo" && later.meta_event_id_before !== null),
  );
}

/** When such a sale was accepted: no later than we confirmed it, and not before its flag was set. */
export function acceptedAt({ flagged_at_before, attempted }: JournalRow): Instant {
  return asInstant(flagged_at_before) ?? asInstant(attempted) ?? 0;
}

/** When the flag had been set, before each entry. */
export function flagTimes(rows: readonly JournalRow[]): Instant[] {
  return rows.map((row) => asInstant(row.flagged_at_before)).filter((at) => at !== null);
}
