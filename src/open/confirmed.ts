import { randomUUID } from "node:crypto";
import { withConfirmed } from "../celery/confirmed.js";
import { SEND_TASK } from "../celery/inspect.js";
import type { Config } from "../config.js";
import { forPostgresJs } from "../connection/drivers.js";
import { KnownError } from "../errors.js";
import type { Secret } from "../redact.js";
import type { CeleryPort } from "../sales/workers.js";
import { quietly } from "./quietly.js";
import type { TasksSurroundings } from "./tasks.js";

const DEADLINE_MS = 5_000;

/** Celery's port that also looks for queued Purchases of confirmed sales, where a database is configured; else as it was. */
export async function confirmedIn(
  config: Config,
  around: TasksSurroundings,
  url: Secret,
  celery: CeleryPort,
): Promise<CeleryPort> {
  const connection = connectionOf(config);
  if (connection === null) return celery;
  const { clock, signals, version } = around;
  return withConfirmed(celery, {
    queues: config.celery.queues,
    sendTask: SEND_TASK,
    open: async () => {
      const { openRedis } = await import("../celery/redis.js");
      const name = `purchase-fix/${version}:celery-status`;
      const redis = await openRedis(url, { deadlineMs: DEADLINE_MS, signal: signals.abandon, name });
      const { now, sleep } = clock;
      const { keyPrefix } = config.celery;
      const place = { redis, keyPrefix, database: 0, now, sleep, uuid: randomUUID, signal: signals.stop };
      return { ...place, close: () => redis.close() };
    },
    salesUnder: (eventIds) =>
      quietly(around, "queued Purchases of confirmed sales were not looked for", async () => {
        const { openDatabase } = await import("../queries/database.js");
        const { confirmedUnder } = await import("../queries/confirmed.js");
        const options = forPostgresJs(connection, `purchase-fix/${version}:celery-status`);
        const database = openDatabase(options, connection, { max: 1, patienceMs: 15_000 });
        try {
          return await confirmedUnder(database, eventIds, clock.now(), config.dbTimezone);
        } finally {
          await database.close();
        }
      }),
  });
}

/** The workers can be asked without a database. */
function connectionOf(config: Config) {
  try {
    return config.connection();
  } catch (error) {
    if (error instanceof KnownError) return null;
    throw error;
  }
}
