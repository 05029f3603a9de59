import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { giveAway, newPath } from "../../demo/postgres-folder.js";
import type { Guarded } from "../../demo/postgres-watchdog.js";
import { freePort, guard } from "../../demo/postgres-watchdog.js";

/** A PgBouncer in transaction mode, which is how many shops reach their database. */
export interface PgBouncer {
  /** Of a database of the server behind it. */
  url(database: string): string;
  /** Must come before `ShopDatabase.close()`: its pooled connections to the server count as leaked. */
  stop(): Promise<void>;
}

const program = "/usr/sbin/pgbouncer";

/** Milliseconds; a start takes a few. */
const startLimit = 10_000;

/** Null where PgBouncer is not installed, so that the test can be skipped there; on CI nothing is skipped. */
export async function startPgBouncer(
  serverUrl: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PgBouncer | null> {
  if (!existsSync(program)) {
    if (environment["CI"] === "true")
      throw new Error(`${program} is not installed; on CI nothing is skipped.`);
    return null;
  }
  const port = await freePort();
  const folder = newPath("pgbouncer");
  const settings = join(folder, "pgbouncer.ini");
  const server = await guard({ folder, folders: [folder], server: [program, settings] });
  try {
    writeFileSync(settings, configuration(new URL(serverUrl), port), { mode: 0o600 });
    giveAway(settings);
    server.start();
    await ready(server, port);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: (database) => `postgresql://anybody@127.0.0.1:${port}/${database}`,
    stop: () => server.stop(),
  };
}

/** `auth_type = any` logs everybody in as the user that the database line names. */
function configuration(server: URL, port: number): string {
  const password = server.password === "" ? "" : ` password=${quoted(server.password)}`;
  const login = `user=${quoted(server.username || "postgres")}${password}`;
  return `[databases]
* = host=${server.hostname} port=${server.port || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
`;
}

function quoted(encoded: string): string {
  return `'${decodeURIComponent(encoded).replaceAll("'", "''")}'`;
}

async function ready(server: Guarded, port: number): Promise<void> {
  const limit = performance.now() + startLimit;
  while (!(await answers(port))) {
    if (server.hasEnded() || performance.now() > limit) throw new Error(`PgBouncer: ${server.log()}`);
    await sleep(10);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}
