import { KnownError } from "../../errors.js";
import { redact } from "../../redact.js";
import type { Database, Tx } from "../database.js";

/** A statement of a check is given up sooner than one of a mend: nobody waits two minutes for a diagnosis. */
const PATIENCE = "20000";

/** Runs one check in a read-only transaction. @throws KnownError for whatever the database says: to the doctor all of it is a finding */
export async function look<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await database.read(async (tx) => {
      await tx`select set_config('statement_timeout', ${PATIENCE}, true)`;
      return await work(tx);
    });
  } catch (error) {
    if (error instanceof KnownError || !isOfPostgres(error)) throw error;
    throw new KnownError(
      { what: "the database could not answer", why: redact(error.message).slice(0, 200) },
      { cause: error },
    );
  }
}

/** SQLSTATE has five characters; wrong types, for one, are no error that other commands know words for. */
function isOfPostgres(error: unknown): error is Error {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
}
