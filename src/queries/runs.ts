import { KnownError, TableLocked } from "../errors.js";
import type { Holder, Lease, RunRecord, Runs } from "../ports.js";
import { closeAnswered } from "./closing.js";
import type { Database, Tx } from "./database.js";
import { demandHome } from "./home.js";
import { prepare } from "./prepare.js";

/** The run lock and the list of runs, in the journal's schema. `renewals` is a connection of its own: never behind the work's. */
export function openRuns(database: Database, renewals: Database): Runs {
  return {
    prepare: (needs) => prepare(database, needs),
    acquire: async (run, ttlMs) => {
      try {
        return await database.write((tx) => acquire(tx, run, ttlMs));
      } catch (error) {
        // Somebody's write holds the lease row for longer than we wait for a lock: he is at work.
        if (error instanceof TableLocked) return { holder: await database.read(holder) };
        throw error;
      }
    },
    renew: (lease, ttlMs) =>
      renewals.write(async (tx) => {
        const rows = await tx`
          update purchase_fix.lease set expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
          where name = 'run' and token = ${lease.token}::bigint and expires_at > clock_timestamp()
          returning token`;
        return rows.length === 1;
      }),
    release: (lease, summary) =>
      database.write(async (tx) => {
        await tx`
          update purchase_fix.run set ended_at = clock_timestamp(), summary = ${tx.json(summary as never)}::jsonb
          where id = ${lease.run} returning id`;
        await tx`
          update purchase_fix.lease set expires_at = clock_timestamp()
          where name = 'run' and token = ${lease.token}::bigint returning token`;
      }),
  };
}

async function acquire(
  tx: Tx,
  run: RunRecord,
  ttlMs: number,
): Promise<{ lease: Lease } | { holder: Holder }> {
  await demandHome(tx);
  await demandUpdate(tx);
  // Looked at before it is touched: `on conflict` locks the row even where it changes nothing, and whoever came to a
  // standstill then would keep the run that holds the lease from renewing it and from writing.
  const held = await tx`
    select from purchase_fix.lease where name = 'run' and expires_at > clock_timestamp()`;
  if (held.length > 0) return { holder: await holder(tx) };
  // This lock, and not the update, is what writes of the last holder exclude: a renewal's update passes them.
  await tx`select from purchase_fix.lease where name = 'run' for update`;
  const [lease] = await tx<{ token: string }[]>`
    insert into purchase_fix.lease as l (name, token, run_id, expires_at)
    values ('run', 1, ${run.id}, clock_timestamp() + ${ttlMs} * interval '1 millisecond')
    on conflict (name) do update
      set token = l.token + 1, run_id = excluded.run_id, expires_at = excluded.expires_at
      where l.expires_at <= clock_timestamp()
    returning token::text as token`;
  if (!lease) return { holder: await holder(tx) };
  await tx`
    insert into purchase_fix.run (id, command, host, user_name, pid, program_version, token)
    values (${run.id}, ${run.command}, ${run.host}, ${run.user}, ${run.pid}, ${run.version}, ${lease.token}::bigint)
    returning id`;
  await closeAnswered(tx);
  return { lease: { run: run.id, token: lease.token } };
}

/** A missing privilege is told before anything is sent: after Meta's answer it would come too late. */
async function demandUpdate(tx: Tx): Promise<void> {
  const rows = await tx<{ name: string }[]>`
    select c.name from unnest(array['meta_purchase_sent', 'meta_purchase_sent_at', 'meta_event_id']) c(name)
    where not has_column_privilege('payments', c.name, 'update')`;
  if (rows.length === 0) return;
  throw new KnownError({
    what: `The database role may not update payments.${rows.map((row) => row.name).join(", ")}`,
    why: "nothing was sent, and nothing was changed",
    next: "grant it, or use a role that has it; see README, Privileges",
  });
}

async function holder(tx: Tx): Promise<Holder> {
  const [row] = await tx<
    {
      run_id: string;
      command: string;
      host: string;
      user_name: string;
      pid: number;
      since: string;
      until: string;
    }[]
  >`
    select l.run_id, r.command, r.host, r.user_name, r.pid,
           (extract(epoch from r.started_at) * 1000)::text as since,
           (extract(epoch from l.expires_at) * 1000)::text as until
    from purchase_fix.lease l join purchase_fix.run r on r.id = l.run_id
    where l.name = 'run'`;
  if (!row) throw new KnownError({ what: "The run lock changed hands while it was read", next: "try again" });
  return {
    run: row.run_id,
    command: row.command,
    host: row.host,
    user: row.user_name,
    pid: row.pid,
    since: Math.floor(Number(row.since)),
    expiresAt: Math.floor(Number(row.until)),
  };
}
