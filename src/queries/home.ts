import { KnownError } from "../errors.js";
import type { Home, RunRecord } from "../ports.js";
import { isWithout } from "./known-catalogue.js";
import type { Database, Tx } from "./database.js";

/** What tells one database from its copies. Only what both sides know is compared. */
interface Identity {
  /** Of the whole server; a physical copy shares it. Null where the role may not read it. */
  readonly system: string | null;
  readonly name: string;
  readonly database: string;
  readonly schema: string;
}

/**
 * Is the journal where it was made? A dump that was restored has other oids, a server that was set up anew another
 * identifier. The timeline is left out: it grows at a fail-over, after which the journal goes on as it was. That is
 * why a physical copy that runs beside its origin is not recognised: it differs in nothing else.
 */
export async function awayFrom(tx: Tx): Promise<string | null> {
  if (!(await isReadable(tx))) return null;
  const [home] = await tx<Identity[]>`
    select h.system_identifier as system, h.database_name as name, h.database_oid::text as database,
           h.schema_oid::text as schema
    from purchase_fix.home h order by h.id desc limit 1`;
  if (home === undefined) return null;
  const here = await identityOf(tx);
  const same =
    home.database === here.database &&
    home.schema === here.schema &&
    (home.system === null || here.system === null || home.system === here.system);
  return same ? null : home.name;
}

/** @throws KnownError where the journal was written in another database */
export async function demandHome(tx: Tx): Promise<void> {
  const name = await awayFrom(tx);
  if (name === null) return;
  throw new KnownError({
    what: `This journal was written in another database (${name}): nothing was changed`,
    why: "this is a copy: what the other one has sent since is not on record here, and would be sent twice",
    next: "if this is the new home of the shop: purchase-fix init --adopt",
  });
}

export function openHome(database: Database): Home {
  return {
    away: async () => (isWithout(database, "home") ? null : await database.read(awayFrom)),
    adopt: (run) => database.write((tx) => adopt(tx, run)),
  };
}

/** Makes this database the journal's home, with a run of its own on record. Null where it is that already. */
async function adopt(tx: Tx, run: RunRecord): Promise<string | null> {
  await tx`select pg_advisory_xact_lock(hashtext('purchase_fix.schema'))`;
  const from = await awayFrom(tx);
  if (from === null) return null;
  const here = await identityOf(tx);
  await tx`
    insert into purchase_fix.run (id, command, host, user_name, pid, program_version, token, ended_at, summary)
    values (${run.id}, ${run.command}, ${run.host}, ${run.user}, ${run.pid}, ${run.version}, 0, clock_timestamp(),
            ${tx.json({ adopted: here.name, from })}::jsonb)
    returning id`;
  await tx`
    insert into purchase_fix.home (system_identifier, database_name, database_oid, schema_oid, run_id, adopted_by)
    values (${here.system}, ${here.name}, ${here.database}::bigint, ${here.schema}::bigint, ${run.id},
            ${`${run.user}@${run.host}`})
    returning id`;
  return from;
}

async function identityOf(tx: Tx): Promise<Identity> {
  const [row] = await tx<(Omit<Identity, "system"> & { may: boolean })[]>`
    select d.datname as name, d.oid::text as database, n.oid::text as schema,
           has_function_privilege('pg_catalog.pg_control_system()', 'execute') as may
    from pg_catalog.pg_database d, pg_catalog.pg_namespace n
    where d.datname = current_database() and n.nspname = 'purchase_fix'`;
  if (row === undefined) throw new RangeError("a journal without its schema");
  const { may, ...rest } = row;
  // A statement of its own: one that names the function is refused as a whole to a role that may not call it.
  const [system] = may
    ? await tx<{ id: string }[]>`select c.system_identifier::text as id from pg_catalog.pg_control_system() c`
    : [];
  return { ...rest, system: system?.id ?? null };
}

/** Earlier versions have no such table, and some roles no right to it: not knowing is no reason to stop a mend. */
async function isReadable(tx: Tx): Promise<boolean> {
  const rows = await tx<{ readable: boolean }[]>`
    select has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage') as readable
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'purchase_fix' and c.relname = 'home'`;
  return rows[0]?.readable === true;
}
