import { KnownError } from "../errors.js";
import type { Database, Tx } from "./database.js";
import { SCHEMA_VERSION, schemaSql } from "./journal-schema.js";

/** Makes the schema where it is missing. Two runs that start at once take turns by an advisory lock. */
export async function prepare(database: Database): Promise<void> {
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
