import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Postgres, PostgresOptions } from "./postgres.js";
import type { Binaries } from "./postgres-binaries.js";
import type { Guarded } from "./postgres-watchdog.js";
import { freePort, giveAway, guard, makeFolder } from "./postgres-watchdog.js";

/** Safety against power failure is of no use here, and costs most of the time. */
const forgetful = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/** Milliseconds; a start takes about one second, on a machine without load. */
const startLimit = 60_000;

/**
 * Makes a new, empty cluster and starts a server on it.
 * Tries three times, because somebody else may take the free port before the server does.
 */
export async function startCluster(
  binaries: Binaries,
  options: PostgresOptions,
  attempts = 3,
): Promise<Postgres> {
  const port = await freePort();
  const folder = makeFolder("postgres");
  const server = guardedServer(binaries, folder, port, options);
  try {
    binaries.place(folder);
    writePassword(folder, options);
    server.start();
    await ready(server, folder);
    rmSync(passwordFile(folder));
  } catch (error) {
    const taken = server.log().includes("Address already in use");
    await server.stop();
    if (taken && attempts > 1) return await startCluster(binaries, options, attempts - 1);
    throw error;
  }
  const url = new URL(`postgresql://postgres@127.0.0.1:${port}/postgres`);
  if (options.password !== undefined) url.password = encodeURIComponent(options.password);
  return { url: url.href, port, socketDir: folder, origin: binaries.origin, stop: () => server.stop() };
}

function guardedServer(binaries: Binaries, folder: string, port: number, options: PostgresOptions): Guarded {
  const { timezone = "UTC", settings = {}, auth = "trust" } = options;
  const method = auth === "scram" ? "scram-sha-256" : "trust";
  const bin = binaries.bin(folder);
  const data = join(folder, "data");
  const wanted = {
    listen_addresses: "127.0.0.1",
    timezone,
    log_timezone: timezone,
    ...forgetful,
    ...settings,
  };
  const flags = Object.entries(wanted).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const initdb = [
    join(bin, "initdb"),
    "--no-sync",
    "--no-instructions",
    "-A",
    method,
    "-U",
    "postgres",
    "--encoding=UTF8",
  ];
  return guard(
    folder,
    [join(bin, "postgres"), "-D", data, "-p", String(port), "-k", folder, ...flags],
    [...initdb, "--locale=C", `--pwfile=${passwordFile(folder)}`, "-D", data],
  );
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
async function ready(server: Guarded, folder: string): Promise<void> {
  const limit = performance.now() + startLimit;
  while (!/\nready\s*$/.test(lockFile(folder))) {
    if (server.hasEnded()) throw new Error(lastLines(server.log()));
    if (performance.now() > limit) throw new Error(`not ready after ${startLimit / 1000} s`);
    await sleep(10);
  }
}

function lockFile(folder: string): string {
  try {
    return readFileSync(join(folder, "data", "postmaster.pid"), "utf8");
  } catch {
    return "";
  }
}

function lastLines(log: string): string {
  return log.trim().split("\n").slice(-4).join("\n") || "it ended without a word";
}
