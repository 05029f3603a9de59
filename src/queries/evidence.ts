import type { EvidenceReader } from "../ports.js";
import type { Evidence, Sibling, Trace } from "../sales/evidence.js";
import type { Instant, Sale } from "../sales/sale.js";
import { mayShareEvent } from "../sales/click.js";
import { noEvidence } from "../sales/evidence.js";
import { iso } from "../sales/time.js";
import type { JournalRow } from "./attempt-rows.js";
import { acceptedAt, flagTimes, readJournal, sendsOf, undoneConfirms } from "./attempt-rows.js";
import { knownCatalogue } from "./known-catalogue.js";
import type { Catalogue } from "./catalogue.js";
import { asInstant } from "./columns.js";
import type { Database, Tx } from "./database.js";
import type { Words } from "./restraints.js";
import { noRestraints, readRestraints, restrained } from "./restraints.js";
import { once } from "./once.js";
import { readPools } from "./pools.js";
import type { SiblingRow } from "./siblings.js";
import { readSiblings, siblingOf } from "./siblings.js";

/** Facts from our own journal, and from sales that share a click. Read-only. `warn` is told once what cannot be read. */
export function openEvidence(
  database: Database,
  timeZone: string,
  warn: (line: string) => void = () => undefined,
): EvidenceReader {
  const tell = once(warn);
  return {
    about: async (sales, now, whole) => {
      const shared = (await whole?.sharedClicks()) ?? null;
      return await database.read(async (tx) => {
        if (sales.length === 0) return new Map();
        const catalogue = await knownCatalogue(tx, database);
        const siblings = await readSiblings(tx, catalogue, sales, timeZone, shared);
        const { journal, words } = await readOwn(tx, catalogue, sales, siblings, tell);
        const byClick = await byTheirClicks(tx, catalogue, siblings, journal, now);
        return new Map(
          sales.map((sale) => {
            const rows = journal.get(sale.id) ?? nothing;
            const others = othersOf(sale, byClick.get(sale.pageviewEventId ?? "") ?? nothing);
            if (rows.length === 0 && others.length === 0 && !words.acknowledged.has(sale.id)) {
              return [sale.id, noEvidence];
            }
            return [sale.id, restrained(evidenceOf(rows, others), rows, sale.id, words)];
          }),
        );
      });
    },
  };
}

const UNREAD =
  "which sales were acknowledged, or released from quarantine, is not known: this role may not read purchase_fix.acknowledgement and purchase_fix.release (README, Privileges)";

/** One for all sales that no row tells of. */
const nothing: readonly never[] = [];

/** What our own tables tell of these sales and of those that share their clicks; nothing is asked where there are none. */
async function readOwn(
  tx: Tx,
  catalogue: Catalogue,
  sales: readonly Sale[],
  siblings: readonly SiblingRow[],
  tell: (line: string) => void,
): Promise<{ journal: ReadonlyMap<number, readonly JournalRow[]>; words: Words }> {
  const { journal, unattended: blames } = catalogue;
  if (!journal && !blames) return { journal: new Map(), words: noRestraints };
  const ids = [...new Set([...sales.map((sale) => sale.id), ...siblings.map((row) => Number(row.id))])];
  const rows = journal ? await readJournal(tx, ids, { blames }) : [];
  const words = blames ? await readRestraints(tx, ids) : noRestraints;
  if (words === null) tell(UNREAD);
  return { journal: groupBy(rows, (row) => Number(row.sale_id)), words: words ?? noRestraints };
}

/** The sales of each click that several bear. */
async function byTheirClicks(
  tx: Tx,
  catalogue: Catalogue,
  rows: readonly SiblingRow[],
  journal: ReadonlyMap<number, readonly JournalRow[]>,
  now: Instant,
): Promise<ReadonlyMap<string, readonly Sibling[]>> {
  if (rows.length === 0) return new Map();
  const placed = rows.map((row) => ({ row, botId: Number(row.bot_id), poolId: asId(row.pool_id) }));
  const pools = await readPools(tx, catalogue, placed);
  const byClick = new Map<string, Sibling[]>();
  for (const { row, ...place } of placed) {
    const sibling = siblingOf(row, journal.get(Number(row.id)) ?? [], pools.of(place), now);
    const group = byClick.get(row.pageview_event_id);
    if (group) group.push(sibling);
    else byClick.set(row.pageview_event_id, [sibling]);
  }
  return byClick;
}

function othersOf(sale: Sale, shared: readonly Sibling[]): readonly Sibling[] {
  if (shared.length === 0) return shared;
  return shared.filter(({ id, pixels }) => id !== sale.id && mayShareEvent(sale, pixels ?? null));
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
  const at = asInstant(row.attempted) ?? 0;
  const run = `run ${row.run_id}, ${iso(at)}`;
  return {
    source: "journal",
    by: "purchase-fix",
    at,
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
