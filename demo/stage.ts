import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { newFernetKey } from "./fernet.js";
import type { Graph } from "./graph/start.js";
import { startGraph } from "./graph/start.js";
import type { Sale } from "./incident.js";
import { destinationOf, tellOfItsRun, writeLogs } from "./logs.js";
import { giveAway } from "./postgres-folder.js";
import { shopSchema } from "./postgres-schema.js";
import { startPostgres } from "./postgres.js";
import { seed, sendAsTheApplication } from "./seed.js";

type Setting = "DATABASE_URL" | "META_GRAPH_URL" | "ENCRYPTION_KEY" | "PURCHASE_FIX_LOG_TIMEZONE";

/** The shop and the stand-in for Meta, both up and filled with the incident. */
export interface Stage {
  /** What the commands need to know, and nothing else. */
  readonly settings: Readonly<Record<Setting, string>>;
  /** Holds the application's logs in `logs/`. */
  readonly folder: string;
  readonly graph: Graph;
  /** The task of a sale that waits for its retry runs, as far as Meta and the worker's log can tell. */
  runTask(sale: Sale): Promise<void>;
  /** Reads the shop without the product, so that the story can be checked from outside. */
  ask<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]>;
  /** Settles when both are gone. */
  strike(): Promise<void>;
}

/** Brings both up; what was started by then is gone where one of them fails, or where `signal` says stop meanwhile. */
export async function setStage(signal: AbortSignal): Promise<Stage> {
  const undo: (() => Promise<void>)[] = [];
  const strike = async () => {
    for (const step of undo.splice(0).toReversed()) await step().catch(() => undefined);
  };
  try {
    const postgres = await startPostgres();
    undo.push(() => postgres.stop());
    signal.throwIfAborted();
    const graph = await startGraph();
    undo.push(() => graph.stop());
    signal.throwIfAborted();
    // On a server that we did not start (TEST_DATABASE_URL) somebody else may have a database `shop`.
    const isOurs = postgres.socketDir !== null;
    const name = isOurs ? "shop" : `purchase_fix_demo_${randomBytes(4).toString("hex")}`;
    await within(postgres.url, (client) =>
      client.query(`create database ${name} template template0 encoding 'UTF8'`),
    );
    if (!isOurs) {
      undo.push(() =>
        within(
          postgres.url,
          async (client) => void (await client.query(`drop database ${name} with (force)`)),
        ),
      );
    }
    const url = new URL(postgres.url);
    url.pathname = `/${name}`;
    const key = newFernetKey();
    const now = await within(url.href, async (client) => {
      await client.query(shopSchema());
      return await seed(client, graph, key);
    });
    const { folder, remove } = folderFor(postgres.socketDir);
    undo.push(remove);
    const logs = join(folder, "logs");
    writeLogs(logs, now);
    // The watchdog runs as the server's user, and could not empty a folder of ours.
    if (postgres.socketDir !== null) giveAway(logs);
    return {
      settings: {
        DATABASE_URL: url.href,
        META_GRAPH_URL: graph.url,
        ENCRYPTION_KEY: key,
        PURCHASE_FIX_LOG_TIMEZONE: "UTC",
      },
      folder,
      graph,
      runTask: async (sale) => {
        const { pixel, eventId } = destinationOf(sale, now);
        await sendAsTheApplication(graph, pixel, [{ sale, eventId }], now);
        tellOfItsRun(logs, sale, now, Date.now());
      },
      ask: async <Row extends pg.QueryResultRow>(sql: string) =>
        await within(url.href, async (client) => (await client.query<Row>(sql)).rows),
      strike,
    };
  } catch (error) {
    await strike();
    throw error;
  }
}

/**
 * A folder that ends with the server's, whose watchdog removes it even where we are killed; one of our own beside a
 * server that is not ours.
 */
function folderFor(server: string | null): { folder: string; remove: () => Promise<void> } {
  const folder = server === null ? mkdtempSync(join(tmpdir(), "purchase-fix-demo-")) : join(server, "app");
  if (server !== null) {
    mkdirSync(folder);
    giveAway(folder);
  }
  return { folder, remove: async () => rmSync(folder, { recursive: true, force: true }) };
}

async function within<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "purchase-fix-demo" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
