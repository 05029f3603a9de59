import type { JournalFacts } from "../../ports.js";
import { ownTables } from "../catalogue.js";
import type { Tx } from "../database.js";
import { awayFrom } from "../home.js";
import { SCHEMA_VERSION } from "../journal-schema.js";

/** Tables whose rows `observe` forgets after nine days. */
const forgotten = ["observation", "log_event", "log_position"];

/** The journal's schema, as far as the role may see it. */
export async function readJournal(tx: Tx): Promise<JournalFacts> {
  const own = await ownTables(tx);
  const [may] = await tx<{ role: string; create: boolean; usage: boolean | null }[]>`
    select quote_ident(current_user) as role, has_database_privilege(current_database(), 'create') as "create",
           (select has_schema_privilege(n.oid, 'usage') from pg_catalog.pg_namespace n where n.nspname = 'purchase_fix') as usage`;
  const role = may?.role ?? "";
  const usage = may?.usage ?? false;
  const base = { known: SCHEMA_VERSION, role, mayCreate: may?.create ?? false, usage };
  if (own.size === 0) return { ...base, version: null, away: null, lacking: [], keeps: [] };
  const rights = await tx<{ name: string; acts: boolean; reads: boolean; forgets: boolean }[]>`
    select c.relname::text as name, has_table_privilege(c.oid, 'select') as reads,
           has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
             and has_table_privilege(c.oid, 'update') as acts,
           has_table_privilege(c.oid, 'delete') as forgets
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'purchase_fix' and c.relkind = 'r'
    order by c.relname`;
  const readable = usage && rights.some(({ name, reads }) => name === "version" && reads);
  return {
    ...base,
    version: readable ? await versionOf(tx) : 0,
    away: await awayFrom(tx),
    lacking: rights.filter(({ acts }) => !acts).map(({ name }) => name),
    keeps: rights.filter(({ name, forgets }) => forgotten.includes(name) && !forgets).map(({ name }) => name),
  };
}

async function versionOf(tx: Tx): Promise<number> {
  const [row] = await tx<
    { version: number | null }[]
  >`select max(version) as version from purchase_fix.version`;
  return row?.version ?? 0;
}
