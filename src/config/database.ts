import { resolveConnection } from "../connection.js";
import type { Connection, ConnectionInput } from "../connection.js";
import { KnownError, KnownErrors } from "../errors.js";
import type { Problem } from "../errors.js";
import { find, flatten } from "./layers.js";
import type { Reading } from "./reading.js";

/** The database of a configuration: resolved already, and told to whoever asks. */
export interface DatabaseChoice {
  /** @throws KnownErrors where it cannot be resolved, or none is configured */
  readonly connection: () => Connection;
  /** What is wrong with a database that was configured; its absence is no problem of commands that need none. */
  readonly problems: readonly Problem[];
}

const places = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"] as const;

export function databaseOf(reading: Reading, at: Omit<ConnectionInput, "url" | "env">): DatabaseChoice {
  const env = flatten(reading.layers);
  const url = urlOf(reading);
  if (url === null && !places.some((variable) => env[variable] !== undefined)) {
    return { ...refused(missing()), problems: [] };
  }
  try {
    const connection = resolveConnection({ ...at, url, env });
    return { connection: () => connection, problems: [] };
  } catch (error) {
    if (error instanceof KnownError) return refused(error);
    throw error;
  }
}

/** A PGHOST typed today must not lose to the DATABASE_URL of a `.env`: it would be another database than was meant. */
function urlOf({ layers, warnings }: Reading): string | null {
  const url = find(layers, "DATABASE_URL");
  const above = layers.slice(0, url?.depth ?? 0);
  const place = places.find((variable) => above.some(({ values }) => values[variable]));
  if (url === null || place === undefined) return url?.value ?? null;
  warnings.push(`${url.from} is not used, because ${place} is set in the environment`);
  return null;
}

function refused(error: KnownError): DatabaseChoice {
  const problems = error instanceof KnownErrors ? error.problems : [error.problem];
  return {
    connection() {
      throw new KnownErrors(problems);
    },
    problems,
  };
}

function missing(): KnownError {
  return new KnownError({
    what: "No database is configured",
    why: "set DATABASE_URL, or PGHOST, PGDATABASE and PGUSER, in the environment or in .env (--env-file)",
    next: "to try it without a database of yours: npm run demo",
  });
}
