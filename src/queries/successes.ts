import { KnownError } from "../errors.js";
import type { Successes } from "../ports.js";
import type { Sum } from "../sales/outcome.js";
import type { Database, Tx } from "./database.js";
import { demandHome } from "./home.js";
import { millis, momentOf } from "./moments.js";

/** When each command last came to its end, one row for each: a run every minute that has nothing to do adds none. */
export function openSuccesses(database: Database): Successes {
  return {
    last: (command) => database.read((tx) => readLast(tx, command)),
    ready: () =>
      database.read(async (tx) => {
        await demandHome(tx);
        const [right] = await tx<{ may: boolean }[]>`
          select has_table_privilege('purchase_fix.success', 'insert')
             and has_table_privilege('purchase_fix.success', 'update') as may`;
        if (right?.may !== true)
          throw new KnownError({
            what: "The database role may not write purchase_fix.success",
            why: "nothing was changed",
            next: "grant it as README, Privileges, says",
          });
      }),
    note: ({ command, beganAt, since, run, summary }) =>
      database.write(async (tx) => {
        await demandHome(tx);
        await tx`
          insert into purchase_fix.success (command, began_at, since, run_id, summary)
          values (${command}, ${momentOf(tx, beganAt)}, ${momentOf(tx, since)}, ${run}, ${tx.json(summary as never)}::jsonb)
          on conflict (command) do update
            set began_at = excluded.began_at, since = excluded.since, ended_at = clock_timestamp(),
                run_id = excluded.run_id, summary = excluded.summary
          returning command`;
      }),
  };
}

/** Null where there was none, or the schema has no place for it yet. */
async function readLast(tx: Tx, command: string): ReturnType<Successes["last"]> {
  const [found] = await tx<{ there: boolean }[]>`
    select to_regclass('purchase_fix.success') is not null as there`;
  if (found?.there !== true) return null;
  const [row] = await tx<{ began: string; ended: string; person: Sum | null }[]>`
    select ${millis(tx, "began_at")} as began, ${millis(tx, "ended_at")} as ended, summary -> 'needsPerson' as person
    from purchase_fix.success where command = ${command}`;
  if (!row) return null;
  return {
    beganAt: Number(row.began),
    endedAt: Number(row.ended),
    needsPerson: row.person ?? { count: 0, amount: "0.00" },
  };
}
