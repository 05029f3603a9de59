import type { EvidenceReader } from "../ports.js";
import type { Evidence, Sibling, Trace } from "../sales/evidence.js";
import { noEvidence } from "../sales/evidence.js";
import type { Instant, Sale } from "../sales/sale.js";
import { ACCEPTED_FOR, FOLDING } from "../sales/verdict.js";
import type { Catalogue } from "./catalogue.js";
import { readCatalogue } from "./catalogue.js";
import { asInstant, columnsOf } from "./columns.js";
import type { Database, Tx } from "./database.js";

interface JournalRow {
  id: string;
  sale_id: string;
  command: string;
  run_id: string;
  event_id: string | null;
  pixel_id: string | null;
  answer: "accepted" | "refused" | "unconfirmed" | "not-sent" | null;
  effect: string | null;
  code: number | null;
  subcode: number | null;
  because: string | null;
  attempted: string;
  flagged_at_before: string | null;
}

interface SiblingRow {
  id: string;
  pageview_event_id: string;
  status: string;
  flagged: boolean | null;
  meta_event_id: string | null;
  created: string | null;
  paid: string | null;
  flagged_at: string | null;
}

/** Facts from our own journal, and from sales that share a click. Read-only. */
export function openEvidence(database: Database, timeZone: string): EvidenceReader {
  return {
    about: (sales, now) =>
      database.read(async (tx) => {
        if (sales.length === 0) return new Map();
        const catalogue = await readCatalogue(tx);
        const siblings = await readSiblings(tx, catalogue, sales, timeZone);
        const ids = [...new Set([...sales.map((sale) => sale.id), ...siblings.map((row) => Number(row.id))])];
        const journal = groupById(catalogue.journal ? await readJournal(tx, ids) : []);
        return new Map(
          sales.map((sale) => {
            const shared = siblings.filter((row) => row.pageview_event_id === sale.pageviewEventId);
            const others = shared.filter((row) => Number(row.id) !== sale.id);
            return [sale.id, evidenceOf(journal.get(sale.id) ?? [], others, journal, now)];
          }),
        );
      }),
  };
}

async function readJournal(tx: Tx, ids: readonly number[]): Promise<JournalRow[]> {
  return await tx<JournalRow[]>`
    select a.id, a.sale_id, r.command, a.run_id, a.event_id, a.pixel_id, a.answer, a.effect, a.code, a.subcode, a.because,
           (extract(epoch from a.attempted_at) * 1000)::text as attempted,
           (extract(epoch from a.flagged_at_before_instant) * 1000)::text as flagged_at_before
    from purchase_fix.attempt a join purchase_fix.run r on r.id = a.run_id
    where a.sale_id in (select value::bigint from jsonb_array_elements_text(${tx.json(ids)}::jsonb))
    order by a.id`;
}

/** All sales, of any status, that bear the click of one of these: the sales themselves among them. */
async function readSiblings(
  tx: Tx,
  catalogue: Catalogue,
  sales: readonly Sale[],
  timeZone: string,
): Promise<SiblingRow[]> {
  const clicks = [...new Set(sales.map((sale) => sale.pageviewEventId).filter((id) => id !== null))];
  if (clicks.length === 0) return [];
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  return await tx<SiblingRow[]>`
    select p.id, p.pageview_event_id, p.status::text as status, p.meta_purchase_sent as flagged, p.meta_event_id,
           ${p.instant("created_at")} as created, ${p.instant("paid_at")} as paid,
           ${p.instant("meta_purchase_sent_at")} as flagged_at
    from payments p
    where p.pageview_event_id in (select value from jsonb_array_elements_text(${tx.json(clicks)}::jsonb))
    order by p.id`;
}

function groupById(rows: readonly JournalRow[]): Map<number, JournalRow[]> {
  const groups = new Map<number, JournalRow[]>();
  for (const row of rows) {
    const group = groups.get(Number(row.sale_id));
    if (group) group.push(row);
    else groups.set(Number(row.sale_id), [row]);
  }
  return groups;
}

function evidenceOf(
  rows: readonly JournalRow[],
  siblings: readonly SiblingRow[],
  journal: ReadonlyMap<number, JournalRow[]>,
  now: Instant,
): Evidence {
  const sends = rows.filter((row) => row.command !== "revert" && row.command !== "confirm");
  const refusal = sends.at(-1);
  const reverted = rows.at(-1)?.effect === "reverted";
  return {
    ...noEvidence,
    traces: sends.map((row) => traceOf(row)),
    siblings: siblings.map((row) => siblingOf(row, journal.get(Number(row.id)) ?? [], now)),
    flagTimes: rows.map((row) => asInstant(row.flagged_at_before)).filter((at) => at !== null),
    reverted,
    refused: refusal?.answer === "refused" ? (refusal.because ?? "refused") : null,
  };
}

function traceOf(row: JournalRow): Trace {
  const open = row.answer === null || row.answer === "unconfirmed";
  const when = new Date(asInstant(row.attempted) ?? 0).toISOString();
  const run = `run ${row.run_id}, ${when}`;
  return {
    source: "journal",
    by: "purchase-fix",
    at: asInstant(row.attempted) ?? 0,
    pixelId: row.pixel_id,
    eventId: row.event_id,
    result: row.answer === null || row.answer === "unconfirmed" ? "unknown" : row.answer,
    unsettled: open,
    because: open
      ? `our attempt has no answer (${row.because ?? "its run ended before one came"}; ${run})`
      : `Meta's answer to us is on record: ${row.answer} (${run})`,
  };
}

function siblingOf(row: SiblingRow, rows: readonly JournalRow[], now: Instant): Sibling {
  const [created, paid, flagged] = [row.created, row.paid, row.flagged_at].map(asInstant);
  const moment = paid ?? created ?? null;
  const same = rows.filter((entry) => entry.event_id === row.pageview_event_id);
  const accepted = same.find((entry) => entry.answer === "accepted");
  const stored = row.meta_event_id === row.pageview_event_id ? (flagged ?? moment) : null;
  const attempts = [moment, ...rows.map((entry) => asInstant(entry.attempted))].filter((at) => at !== null);
  const inTime = moment !== null && now - moment < Math.min(FOLDING, ACCEPTED_FOR);
  return {
    id: Number(row.id),
    status: row.status,
    flagged: row.flagged === true,
    metaEventId: row.meta_event_id,
    createdAt: created ?? null,
    firstAttempt: attempts.length === 0 ? null : Math.min(...attempts),
    acceptedAt: accepted ? asInstant(accepted.attempted) : stored,
    journalled: same.length > 0,
    open: row.status === "paid" && row.flagged === true && row.meta_event_id === null && inTime,
  };
}
