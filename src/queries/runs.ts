import { KnownError } from "../errors.js";
import type { Holder, Runs } from "../ports.js";
import type { Database, Tx } from "./database.js";
import { SCHEMA_VERSION, schemaSql } from "./journal-schema.js";

/** The run lock and the list of runs, in the journal's schema. */
export function openRuns(database: Database): Runs {
  return {
    prepare: () => prepare(database),
    acquire: (run, ttlMs) =>
      database.write(async (tx) => {
        await demandUpdate(tx);
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
        return { lease: { run: run.id, token: lease.token } };
      }),
    renew: (lease, ttlMs) =>
      database.write(async (tx) => {
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

/** Makes the schema where it is missing. Two runs that start at once take turns by an advisory lock. */
async function prepare(database: Database): Promise<void> {
  if ((await database.read(installedVersion)) === SCHEMA_VERSION) return;
  try {
    await database.write(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext('purchase_fix.schema'))`;
      await installedVersion(tx);
      await tx.unsafe(schemaSql);
    });
  } catch (error) {
    throw isForbidden(error) ? noRight(error as Error) : error;
  }
}

/** @throws KnownError when a newer build made the schema: an older one must not write into it. */
async function installedVersion(tx: Tx): Promise<number | null> {
  const [found] = await tx<{ found: boolean }[]>`
    select exists (
      select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'purchase_fix' and c.relname = 'version'
    ) as found`;
  if (!found?.found) return null;
  const [row] = await tx<
    { version: number | null }[]
  >`select max(version) as version from purchase_fix.version`;
  const version = row?.version ?? null;
  if (version !== null && version > SCHEMA_VERSION) {
    throw new KnownError({
      what: `The journal in this database has schema version ${version}; this build knows ${SCHEMA_VERSION}`,
      why: "a newer purchase-fix has written here",
      next: "update purchase-fix on this host",
    });
  }
  return version;
}

function isForbidden(error: unknown): boolean {
  return error instanceof KnownError && (error.cause as { code?: unknown } | undefined)?.code === "42501";
}

function noRight(error: Error): KnownError {
  return new KnownError(
    {
      what: "The journal's schema purchase_fix cannot be created with this database role",
      why: error instanceof KnownError ? error.problem.why : error.message,
      next: "have an owner of the database run the output of: purchase-fix init --print",
    },
    { cause: error },
  );
}
