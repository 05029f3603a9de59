import type { JournalEntry, JournalReader } from "../context.js";
import { readCatalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { isZoned } from "./columns.js";
import type { Database, Tx } from "./database.js";
import { literal } from "./literal.js";
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
        return await inverse(
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
                and (b.answer = 'accepted' or b.effect = 'confirmed')
                and (b.pixel_id = a.pixel_id or b.pixel_id is null or a.pixel_id is null)
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

/**
 * The guarded inverse of a run, one update per changed row: it restores the values before, and only where the row still
 * is what the run wrote. Sales that Meta accepted are left out: giving them back would have them counted twice. One that
 * was confirmed on an operator's word alone is stuck again.
 */
async function inverse(tx: Tx, run: string, flagType: string): Promise<string | null> {
  const rows = await tx<EntryRow[]>`
    select a.* from purchase_fix.attempt a
    where a.run_id = ${run} and a.effect in ('reverted', 'confirmed')
    order by a.id desc`;
  if (rows.length === 0) return null;
  const isWord = (row: EntryRow) => row.event_id_origin === "attestation";
  const accepted = rows.filter((row) => row.effect === "confirmed" && !isWord(row));
  const restored = rows.filter((row) => row.effect === "reverted" || isWord(row));
  const time = (text: string | null) => (text === null ? "null" : `${literal(text)}::${flagType}`);
  const updates = restored.map(
    (row) => `
update payments set meta_purchase_sent = ${literal(row.flagged_before)}, meta_purchase_sent_at = ${time(row.flagged_at_before)}${isWord(row) ? ", meta_event_id = null" : ""}
where id = ${row.sale_id} and status = 'paid' and meta_purchase_sent is not distinct from ${literal(row.flagged_after)}
  and meta_purchase_sent_at is not distinct from ${time(row.flagged_at_after)} and meta_event_id ${isWord(row) ? `= ${literal(row.meta_event_id_after)}` : "is null"}
returning id;`,
  );
  const left = accepted.map(
    (row) => `-- sale ${row.sale_id} is left: Meta has it as ${(row.event_id ?? "").replaceAll(/\s/g, " ")}`,
  );
  return [
    `-- undoes run ${run}: rows that somebody changed since are left alone`,
    "begin;",
    ...left,
    ...updates,
    "commit;",
  ].join("\n");
}
