import type { JournalEntry, JournalReader } from "../context.js";
import { readCatalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { isZoned } from "./columns.js";
import type { Database, Tx } from "./database.js";
import { inverseOf } from "./inverse.js";
import { idsNamed } from "./names.js";

interface EntryRow {
  id: string;
  run_id: string;
  command: string;
  host: string;
  user_name: string;
  sale_id: string;
  payment_id: string | null;
  event_id: string | null;
  event_id_origin: string | null;
  pixel_id: string | null;
  flagged_before: boolean | null;
  flagged_at_before: string | null;
  meta_event_id_before: string | null;
  flagged_after: boolean | null;
  flagged_at_after: string | null;
  meta_event_id_after: string | null;
  answer: string | null;
  effect: string | null;
  http_status: number | null;
  code: number | null;
  subcode: number | null;
  fbtrace_id: string | null;
  because: string | null;
  attempted: string;
  settled: string | null;
}

/** Reads the journal. */
export function openJournal(database: Database): JournalReader {
  return {
    entries: (filter) =>
      database.read(async (tx) => {
        if (!(await readCatalogue(tx)).journal) return null;
        const rows = await tx<EntryRow[]>`
          select a.*, r.command, r.host, r.user_name, p.payment_id,
                 (extract(epoch from a.attempted_at) * 1000)::text as attempted,
                 (extract(epoch from a.settled_at) * 1000)::text as settled
          from purchase_fix.attempt a
          join purchase_fix.run r on r.id = a.run_id
          left join payments p on p.id = a.sale_id
          where (${filter.run}::text is null or a.run_id = ${filter.run})
            and ${filter.unsettledOnly ? open(tx) : tx`true`}
            and ${filter.sales.length === 0 ? tx`true` : tx`a.sale_id in (${idsNamed(tx, filter.sales)})`}
          order by a.id desc
          limit ${filter.limit}::bigint`;
        return rows.map(entryOf);
      }),
    inverse: (run) =>
      database.read(async (tx) => {
        const catalogue = await readCatalogue(tx);
        if (!catalogue.journal) return null;
        return await inverseOf(
          tx,
          run,
          isZoned(catalogue, "payments", "meta_purchase_sent_at") ? "timestamptz" : "timestamp",
        );
      }),
  };
}

/** No certain answer or no effect yet, and no later acceptance of the same event, which settled it: Meta folds the two. */
function open(tx: Tx): Fragment {
  return tx`(a.settled_at is null or a.answer = 'unconfirmed')
            and not exists (
              select from purchase_fix.attempt b
              where b.sale_id = a.sale_id and b.id > a.id and b.event_id = a.event_id
                and (b.answer = 'accepted' or (b.effect = 'confirmed' and not ${undone(tx)}))
                and (b.pixel_id = a.pixel_id or b.pixel_id is null or a.pixel_id is null)
            )`;
}

/** A confirmation that was undone settles nothing any more. */
function undone(tx: Tx): Fragment {
  return tx`exists (
              select from purchase_fix.attempt u join purchase_fix.run r on r.id = u.run_id
              where u.sale_id = b.sale_id and u.id > b.id and r.command = 'undo' and u.meta_event_id_before is not null
            )`;
}

function entryOf(row: EntryRow): JournalEntry {
  return {
    id: Number(row.id),
    run: row.run_id,
    command: row.command,
    saleId: Number(row.sale_id),
    paymentId: row.payment_id,
    eventId: row.event_id,
    eventIdOrigin: row.event_id_origin,
    pixelId: row.pixel_id,
    before: {
      flagged: row.flagged_before,
      flaggedAt: row.flagged_at_before,
      metaEventId: row.meta_event_id_before,
    },
    after: {
      flagged: row.flagged_after,
      flaggedAt: row.flagged_at_after,
      metaEventId: row.meta_event_id_after,
    },
    answer: row.answer,
    effect: row.effect,
    httpStatus: row.http_status,
    code: row.code,
    subcode: row.subcode,
    fbtraceId: row.fbtrace_id,
    because: row.because,
    attemptedAt: Math.floor(Number(row.attempted)),
    settledAt: row.settled === null ? null : Math.floor(Number(row.settled)),
    host: row.host,
    user: row.user_name,
  };
}
