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
        await demandRights(tx);
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

/** Without quarantine and acknowledgements a window would send what rests; without the success the next would look again. */
async function demandRights(tx: Tx): Promise<void> {
  const lacking = await tx<{ name: string; privilege: string }[]>`
    select n.name, n.privilege
    from (values ('success', 'select'), ('success', 'insert'), ('success', 'update'), ('release', 'select'),
                 ('acknowledgement', 'select')) n(name, privilege)
    where not has_table_privilege('purchase_fix.' || n.name, n.privilege)`;
  if (lacking.length === 0) return;
  const rights = lacking.map(({ name, privilege }) => `${privilege} purchase_fix.${name}`).join(", ");
  throw new KnownError({
    what: `The database role may not ${rights}`,
    why: "nothing was sent, and nothing was changed",
    next: "grant it as README, Privileges, says (again after an update)",
  });
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
