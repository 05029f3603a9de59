import { KnownError } from "../../errors.js";
import type { IndexFacts } from "../../ports.js";
import type { Database, Tx } from "../database.js";
import { isStuck } from "../states.js";
import { look } from "./look.js";

/** Indexes of `payments`, and what the partial one would hold. */
export async function readIndexes(database: Database): Promise<IndexFacts> {
  const found = await look(database, catalogued);
  return { ...found, stuck: await counted(database) };
}

async function catalogued(tx: Tx): Promise<Omit<IndexFacts, "stuck">> {
  const [table] = await tx<{ name: string | null; rows: number | null; clicks: boolean }[]>`
    select to_regclass('payments')::text as name,
           exists (select from pg_catalog.pg_attribute a
                   where a.attrelid = to_regclass('payments') and a.attname = 'pageview_event_id'
                     and not a.attisdropped) as clicks,
           (select nullif(c.reltuples, -1)::float8 from pg_catalog.pg_class c where c.oid = to_regclass('payments')) as rows`;
  const indexes = await tx<IndexFacts["indexes"][number][]>`
    select i.indexrelid::regclass::text as name, i.indisvalid and i.indisready as valid,
           pg_get_expr(i.indpred, i.indrelid) as predicate, pg_get_indexdef(i.indexrelid, 1, true) as first
    from pg_catalog.pg_index i where i.indrelid = to_regclass('payments')
    order by i.indexrelid`;
  return {
    table: table?.name ?? "payments",
    rows: table?.rows ?? null,
    clicks: table?.clicks === true,
    indexes,
  };
}

/** Null where that took too long, or cannot be asked of this table: the size is then not known, and the rest is. */
async function counted(database: Database): Promise<number | null> {
  try {
    return await look(database, async (tx) => {
      const [row] = await tx<
        { stuck: string }[]
      >`select count(*) as stuck from payments p where ${isStuck(tx)}`;
      return row === undefined ? null : Number(row.stuck);
    });
  } catch (error) {
    if (error instanceof KnownError) return null;
    throw error;
  }
}
