import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Postgres, PostgresOptions } from "./postgres.js";
import type { Binaries } from "./postgres-binaries.js";
import { giveAway, isUsable, newPath } from "./postgres-folder.js";
import type { Guarded } from "./postgres-watchdog.js";
import { freePort, guard } from "./postgres-watchdog.js";

/** Safety against power failure is of no use here, and costs most of the time; neither is a long write-ahead log. */
const forgetful = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_wal_size: "128MB" };

const layout = "--no-sync --no-instructions --username=postgres --encoding=UTF8 --locale=C".split(" ");

/** Milliseconds; a start takes about one second, on a machine without load. */
const startLimit = 60_000;

/** Bytes; a cluster takes 60 MB and 7 MB for each database, and must not be the one that fills the memory. */
const roomWanted = 2 ** 30;

/** A cluster that is about to be made. */
interface Cluster {
  /** Holds the programs, the socket and the log. */
  readonly folder: string;
  readonly data: string;
  readonly port: number;
}

/**
 * Makes a new, empty cluster and starts a server on it.
 * Tries three times, because somebody else may take the free port before the server does.
 */
export async function startCluster(
  binaries: Binaries,
  memory: string,
  options: PostgresOptions,
  attempts = 3,
): Promise<Postgres> {
  const port = await freePort();
  const folder = newPath("postgres");
  const cluster = { folder, data: dataFolder(folder, memory), port };
  const server = await guardedServer(binaries, cluster, options);
  try {
    binaries.place(folder);
    writePassword(folder, options);
    server.start();
    await ready(server, cluster);
    rmSync(passwordFile(folder));
  } catch (error) {
    const taken = server.log().includes("Address already in use");
    await server.stop();
    if (taken && attempts > 1) return await startCluster(binaries, memory, options, attempts - 1);
    throw error;
  }
  const url = new URL(`postgresql://postgres@127.0.0.1:${port}/postgres`);
  if (options.password !== undefined) url.password = encodeURIComponent(options.password);
  return { url: url.href, port, socketDir: folder, origin: binaries.origin, stop: () => server.stop() };
}

/** In memory, a start takes 0.6 instead of 1.2 s and a new database 14 instead of 30 to 240 ms (measured, busy disk). */
function dataFolder(folder: string, memory: string): string {
  return hasRoom(memory) && isUsable(memory) ? newPath("data", memory) : join(folder, "data");
}

function hasRoom(memory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= roomWanted;
  } catch {
    return false;
  }
}

function guardedServer(
  binaries: Binaries,
  { folder, data, port }: Cluster,
  options: PostgresOptions,
): Promise<Guarded> {
  const { timezone = "UTC", settings = {}, auth = "trust" } = options;
  const bin = binaries.bin(folder);
  const method = `--auth=${auth === "scram" ? "scram-sha-256" : "trust"}`;
  const wanted = {
    listen_addresses: "127.0.0.1",
    timezone,
    log_timezone: timezone,
    ...forgetful,
    ...settings,
  };
  const flags = Object.entries(wanted).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return guard({
    folder,
    folders: [folder, data],
    first: [join(bin, "initdb"), ...layout, method, `--pwfile=${passwordFile(folder)}`, "-D", data],
    server: [join(bin, "postgres"), "-D", data, "-p", String(port), "-k", folder, ...flags],
  });
}

/** With `trust` nobody asks for it, but initdb wants a file all the same. */
function writePassword(folder: string, { password }: PostgresOptions): void {
  writeFileSync(passwordFile(folder), password ?? "postgres", { mode: 0o600 });
  giveAway(passwordFile(folder));
}

function passwordFile(folder: string): string {
  return join(folder, "password");
}

/** The server says in its lock file when it takes connections, which is how `pg_ctl --wait` knows. */
async function ready(server: Guarded, cluster: Cluster): Promise<void> {
  const limit = performance.now() + startLimit;
  while (!/\nready\s*$/.test(lockFile(cluster))) {
    if (server.hasEnded()) throw new Error(lastLines(server.log()));
    if (performance.now() > limit) throw new Error(`not ready after ${startLimit / 1000} s`);
    await sleep(10);
  }
}

function lockFile({ data }: Cluster): string {
  try {
    return readFileSync(join(data, "postmaster.pid"), "utf8");
  } catch {
    return "";
  }
}

function lastLines(log: string): string {
  return log.trim().split("\n").slice(-4).join("\n") || "it ended without a word";
}
