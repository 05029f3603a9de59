import { KnownError } from "../errors.js";
import { forgetCatalogue } from "./known-catalogue.js";
import type { Database, Tx } from "./database.js";
import { SCHEMA_VERSION, migrations } from "./journal-schema.js";

/**
 * Brings the schema to this build's version, all that is missing in one transaction. Two runs that start at once take
 * turns by an advisory lock. A role that may not change the schema goes on with what is there where that is `needs` at
 * least: who mends an incident must not fail for tables that only `attest` and `observe` write.
 */
export async function prepare(database: Database, needs = 1): Promise<void> {
  const installed = await database.read(installedVersion);
  if (installed === SCHEMA_VERSION) return;
  try {
    await database.write(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext('purchase_fix.schema'))`;
      // Another run may have been quicker.
      const now = (await installedVersion(tx)) ?? 0;
      for (const { version, sql } of migrations) if (version > now) await tx.unsafe(sql);
    });
    forgetCatalogue(database);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    if ((installed ?? 0) < needs) throw noRight(installed, error as Error);
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

function noRight(installed: number | null, error: Error): KnownError {
  const done = installed === null ? "created" : `brought from version ${installed} to ${SCHEMA_VERSION}`;
  return new KnownError(
    {
      what: `The journal's schema purchase_fix cannot be ${done} with this database role`,
      why: error instanceof KnownError ? error.problem.why : error.message,
      next: "have an owner of the database run the output of: purchase-fix init --print (then grant: README, Privileges)",
    },
    { cause: error },
  );
}
