import { KnownError } from "../errors.js";
import type { Tx } from "./database.js";

/** The tables that the product reads, of which only the first two must exist. */
export const tables = ["payments", "bots", "pool_bots", "redirect_pools", "bot_users"] as const;
export type Table = (typeof tables)[number];

/** The columns of the incident report's query: all that the product cannot do without. */
const required: Readonly<Partial<Record<Table, readonly string[]>>> = {
  payments: [
    "id",
    "payment_id",
    "status",
    "bot_id",
    "meta_purchase_sent",
    "meta_event_id",
    "meta_purchase_sent_at",
    "created_at",
  ],
  bots: ["id", "name"],
};

/** Which of the shop's tables and columns exist, as the session's search_path finds them. */
export interface Catalogue {
  has(table: Table, column?: string): boolean;
  /** The column's type as PostgreSQL writes it, such as `character varying(100)`. */
  type(table: Table, column: string): string | null;
  /** The schema of the journal exists. */
  readonly journal: boolean;
  /** It is of version 4 at least: attempts tell cause and blame, and sales are released and acknowledged. */
  readonly unattended: boolean;
  /** Our own tables that exist; a role without rights on the schema sees them too. */
  readonly own: ReadonlySet<string>;
  /** The tables whose rows a policy may withhold from this role. */
  readonly filtered: readonly Table[];
  /** Nobody has analysed `payments`: see `distrust`. */
  readonly unanalysed: boolean;
}

interface Entry {
  kind: "column" | "own" | "filtered" | "unanalysed";
  name: string;
  detail: string | null;
  type: string | null;
}

const names = tables.map((name, place) => `('${name}', ${place})`).join(", ");

/** One statement without parameters, which take postgres.js another round trip. */
const statement = `
    select 'column' as kind, t.name, a.attname as detail, format_type(a.atttypid, a.atttypmod) as type
    from (values ${names}) t(name, place)
    join pg_catalog.pg_attribute a
      on a.attrelid = to_regclass(t.name) and a.attnum > 0 and not a.attisdropped
    union all
    select 'own', c.relname, null, null
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'purchase_fix'
    union all
    select 'filtered', t.name, null, null
    from (values ${names}) t(name, place)
    where row_security_active(to_regclass(t.name)::oid)
    union all
    select 'unanalysed', c.relname, null, null
    from pg_catalog.pg_class c where c.oid = to_regclass('payments') and c.reltuples <= 0`;

/** Reads the catalogue. @throws KnownError naming every required table or column that is missing. */
export async function readCatalogue(tx: Tx): Promise<Catalogue> {
  const entries = await tx.unsafe<Entry[]>(statement);
  const of = (kind: Entry["kind"]) => entries.filter((entry) => entry.kind === kind);
  const columns = new Map(of("column").map(({ name, detail, type }) => [`${name}.${detail}`, type]));
  const present = new Set(of("column").map(({ name }) => name));
  const own = new Set(of("own").map(({ name }) => name));
  const withheld = new Set(of("filtered").map(({ name }) => name));
  const unanalysed = of("unanalysed").length > 0;
  demand(present, columns);
  if (unanalysed) await distrust(tx);
  return {
    has: (table, column) => (column === undefined ? present.has(table) : columns.has(`${table}.${column}`)),
    type: (table, column) => columns.get(`${table}.${column}`) ?? null,
    journal: own.has("attempt"),
    unattended: own.has("acknowledgement"),
    own,
    filtered: tables.filter((name) => withheld.has(name)),
    unanalysed,
  };
}

/**
 * Of a wide table that was never analysed (a restored one), PostgreSQL takes it that it has no rows, and compares every
 * row with every element of a list: 100,000 sales took minutes. Until somebody has analysed it, hashes are safer.
 */
export async function distrust(tx: Tx): Promise<void> {
  await tx`set local enable_nestloop = off`;
}

/** Our own tables that exist; a role without rights on the schema sees them too. */
export async function ownTables(tx: Tx): Promise<ReadonlySet<string>> {
  const rows = await tx<{ name: string }[]>`
    select c.relname as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'purchase_fix'`;
  return new Set(rows.map(({ name }) => name));
}

/** Whether a table of ours has a column that came with a later version; likewise without rights on the schema. */
export async function hasOwnColumn(tx: Tx, table: string, column: string): Promise<boolean> {
  const rows = await tx`
    select from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'purchase_fix' and c.relname = ${table} and a.attname = ${column} and not a.attisdropped`;
  return rows.length > 0;
}

function demand(present: ReadonlySet<string>, columns: ReadonlyMap<string, string | null>): void {
  const missing = Object.entries(required).flatMap(([table, names]) =>
    present.has(table)
      ? names.filter((name) => !columns.has(`${table}.${name}`)).map((name) => `column ${table}.${name}`)
      : [`table ${table}`],
  );
  if (missing.length === 0) return;
  throw new KnownError({
    what: `This database lacks ${missing.join(", ")}`,
    why: "finding stuck sales needs the columns of payments and bots that docs/schema.md lists",
    next: "check that DATABASE_URL names the shop's database, and the role's search_path",
  });
}
