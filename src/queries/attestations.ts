import type { Attestations, Word } from "../ports.js";
import { hold } from "./attempts.js";
import { ownTables } from "./catalogue.js";
import type { Database, Tx } from "./database.js";
import { millis, momentOf } from "./moments.js";
import type { WithdrawalRow } from "./withdrawal.js";
import { withdrawalColumns, withdrawalOf } from "./withdrawal.js";

interface WordRow extends WithdrawalRow {
  id: string;
  run_id: string;
  from_at: string;
  to_at: string;
  pixel_id: string | null;
  reason: string;
  given_by: string;
  given_at: string;
}

/** Operators' words, in the journal's schema. A word is never deleted: one that was withdrawn says by whom and why. */
export function openAttestations(database: Database): Attestations {
  return {
    list: () =>
      database.read(async (tx) =>
        (await ownTables(tx)).has("attestation") ? await readWords(tx, { withdrawn: true }) : [],
      ),
    give: (lease, { from, to, pixelId, reason, by }) =>
      database.write(async (tx) => {
        await hold(tx, lease);
        const [row] = await tx<WordRow[]>`
          insert into purchase_fix.attestation (run_id, from_at, to_at, pixel_id, reason, given_by)
          values (${lease.run}, ${momentOf(tx, from)}, ${momentOf(tx, to)}, ${pixelId}, ${reason}, ${by})
          returning ${columns(tx)}`;
        if (!row) throw new RangeError("an attestation that was not written");
        return wordOf(row);
      }),
    withdraw: (lease, id, by, because) =>
      database.write(async (tx) => {
        await hold(tx, lease);
        const [row] = await tx<WordRow[]>`
          update purchase_fix.attestation
          set withdrawn_at = clock_timestamp(), withdrawn_by = ${by}, withdrawn_because = ${because},
              withdrawn_run_id = ${lease.run}
          where id = ${id} and withdrawn_at is null
          returning ${columns(tx)}`;
        return row ? wordOf(row) : null;
      }),
  };
}

/** The newest first. A schema of the first version has no such table. */
export async function readWords(tx: Tx, { withdrawn }: { withdrawn: boolean }): Promise<Word[]> {
  const rows = await tx<WordRow[]>`
    select ${columns(tx)} from purchase_fix.attestation
    where ${withdrawn} or withdrawn_at is null
    order by id desc`;
  return rows.map(wordOf);
}

function columns(tx: Tx) {
  return tx`id, run_id, ${millis(tx, "from_at")} as from_at, ${millis(tx, "to_at")} as to_at, pixel_id, reason, given_by,
            ${millis(tx, "given_at")} as given_at, ${withdrawalColumns(tx)}`;
}

function wordOf(row: WordRow): Word {
  return {
    id: Number(row.id),
    run: row.run_id,
    from: Number(row.from_at),
    to: Number(row.to_at),
    pixelId: row.pixel_id,
    reason: row.reason,
    by: row.given_by,
    at: Number(row.given_at),
    withdrawn: withdrawalOf(row),
  };
}
