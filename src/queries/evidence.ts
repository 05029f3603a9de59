import type { EvidenceReader } from "../ports.js";
import type { Evidence, Sibling, Trace } from "../sales/evidence.js";
import { mayShareEvent } from "../sales/click.js";
import { noEvidence } from "../sales/evidence.js";
import type { JournalRow } from "./attempt-rows.js";
import { acceptedAt, flagTimes, readJournal, sendsOf, undoneConfirms } from "./attempt-rows.js";
import { knownCatalogue } from "./known-catalogue.js";
import { asInstant } from "./columns.js";
import type { Database } from "./database.js";
import { noRestraints, readRestraints, restrained } from "./restraints.js";
import { readPools } from "./pools.js";
import { readSiblings, siblingOf } from "./siblings.js";

/** Facts from our own journal, and from sales that share a click. Read-only. */
export function openEvidence(database: Database, timeZone: string): EvidenceReader {
  return {
    about: (sales, now) =>
      database.read(async (tx) => {
        if (sales.length === 0) return new Map();
        const catalogue = await knownCatalogue(tx, database);
        const siblings = await readSiblings(tx, catalogue, sales, timeZone);
        const ids = [...new Set([...sales.map((sale) => sale.id), ...siblings.map((row) => Number(row.id))])];
        const blames = catalogue.unattended;
        const journal = groupBy(catalogue.journal ? await readJournal(tx, ids, { blames }) : [], (row) =>
          Number(row.sale_id),
        );
        const words = blames ? await readRestraints(tx, ids) : noRestraints;
        const placed = siblings.map((row) => ({ botId: Number(row.bot_id), poolId: asId(row.pool_id) }));
        const pools = await readPools(tx, catalogue, placed);
        const told = siblings.map((row, at) => {
          const place = placed[at] ?? { botId: 0, poolId: null };
          const click = row.pageview_event_id;
          return { click, sibling: siblingOf(row, journal.get(Number(row.id)) ?? [], pools.of(place), now) };
        });
        const byClick = groupBy(told, ({ click }) => click);
        return new Map(
          sales.map((sale) => {
            const shared = byClick.get(sale.pageviewEventId ?? "") ?? [];
            const others = shared
              .map(({ sibling }) => sibling)
              .filter(({ id, pixels }) => id !== sale.id && mayShareEvent(sale, pixels ?? null));
            const rows = journal.get(sale.id) ?? [];
            if (rows.length === 0 && others.length === 0 && !words.acknowledged.has(sale.id)) {
              return [sale.id, noEvidence];
            }
            return [sale.id, restrained(evidenceOf(rows, others), rows, sale.id, words)];
          }),
        );
      }),
  };
}

/** In the order in which they came. */
export function groupBy<Row, Key>(rows: readonly Row[], key: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

const asId = (text: string | null) => (text === null ? null : Number(text));

/** What our journal alone tells of a sale. */
export function evidenceOf(rows: readonly JournalRow[], siblings: readonly Sibling[]): Evidence {
  const sends = sendsOf(rows);
  const refusal = sends.at(-1);
  const reverted = rows.at(-1)?.effect === "reverted";
  return {
    ...noEvidence,
    traces: [...sends.map(traceOf), ...undoneConfirms(rows).map(traceOfConfirm)],
    siblings,
    flagTimes: flagTimes(rows),
    reverted,
    refused: refusal?.answer === "refused" ? (refusal.because ?? "refused") : null,
    lastAttempt: rows.at(-1)?.id ?? null,
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

function traceOfConfirm(row: JournalRow): Trace {
  return {
    source: "journal",
    by: "purchase-fix",
    at: acceptedAt(row),
    pixelId: row.pixel_id === "" ? null : row.pixel_id,
    eventId: row.event_id,
    result: "accepted",
    unsettled: false,
    because: `run ${row.run_id} found it accepted by Meta (${row.event_id_origin ?? "on record"}), and was undone`,
  };
}
