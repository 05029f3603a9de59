import type { Change } from "../sales/undo.js";
import { hindranceOf } from "../sales/undo.js";
import { readJournal } from "./attempt-rows.js";
import type { Tx } from "./database.js";
import { evidenceOf, groupBy } from "./evidence.js";
import { literal } from "./literal.js";
import { findRun } from "./past-runs.js";

/**
 * What `undo` would do by the journal alone, for psql: one guarded update per row that the run changed, which restores
 * the values before where the row still is what the run made of it. Null where it changed none.
 */
export async function inverseOf(tx: Tx, run: string, flagType: string): Promise<string | null> {
  const past = await findRun(tx, run);
  if (past === null || past.changes.length === 0) return null;
  const rows = await readJournal(
    tx,
    past.changes.map(({ saleId }) => saleId),
    { blames: false },
  );
  const bySale = groupBy(rows, (row) => Number(row.sale_id));
  const now = Math.max(past.startedAt, ...past.changes.map(({ at }) => at));
  const told = past.changes.map((change) => {
    const hindrance = hindranceOf(change, evidenceOf(bySale.get(change.saleId) ?? [], []), false, now);
    return { change, hindrance };
  });
  return [
    `-- undoes run ${run}: rows that somebody changed since are left alone`,
    "begin;",
    ...told.flatMap(({ change, hindrance }) =>
      hindrance === null ? [] : [`-- sale ${change.saleId} is left: ${inOneLine(hindrance.because)}`],
    ),
    ...told.flatMap(({ change, hindrance }) => (hindrance === null ? [update(change, flagType)] : [])),
    "commit;",
  ].join("\n");
}

const inOneLine = (text: string) => text.replaceAll(/\s+/g, " ");

function update({ saleId, was, wrote }: Change, flagType: string): string {
  const time = (text: string | null) => (text === null ? "null" : `${literal(text)}::${flagType}`);
  return `
update payments set meta_purchase_sent = ${was.flagged}, meta_purchase_sent_at = ${time(was.flaggedAt)}, meta_event_id = ${literal(was.metaEventId)}
where id = ${saleId} and status = 'paid' and meta_purchase_sent is not distinct from ${wrote.flagged}
  and meta_purchase_sent_at is not distinct from ${time(wrote.flaggedAt)} and meta_event_id is not distinct from ${literal(wrote.metaEventId)}
returning id;`;
}
