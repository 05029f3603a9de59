import { forPostgresJs } from "../connection/drivers.js";
import type { Connection } from "../connection.js";
import type { Config } from "../config.js";
import type { Signals } from "../context.js";
import { KnownError } from "../errors.js";
import { openCredentials } from "../meta/credentials.js";
import type { Clock, Examiners, PoolsFacts } from "../ports.js";
import type { CeleryPort } from "../sales/workers.js";
import { inOne } from "./in-one.js";
import { lazily } from "./lazily.js";

/** What the examiners are made from, beside the configuration. */
export interface ExaminerParts {
  readonly clock: Clock;
  readonly signals: Signals;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  /** Where the database is, or why that is not known. */
  readonly connection: Connection | KnownError;
  /** Of each request to Meta. */
  readonly timeoutMs: number;
  readonly passive: boolean;
  /** Names of logs that lead to no file; null where no log is configured. */
  readonly missingLogs: readonly string[] | null;
  readonly openCelery: () => Promise<CeleryPort & { close(): Promise<void> }>;
}

/** The doctor's eyes. Connections are made by the first look, and `close` ends those that were. */
export function openExaminers(
  config: Config,
  parts: ExaminerParts,
): { examiners: Examiners; close(): Promise<void> } {
  const { clock, version } = parts;
  const database = lazily(() => openDatabase(config, parts));
  const lookUps = lazily(async () => {
    const { openLookUps } = await import("../meta/look-ups.js");
    const { graphUrl: url, graphVersion } = config;
    const { timeoutMs } = parts;
    return openLookUps(
      { url, version: graphVersion, timeoutMs, userAgent: `purchase-fix/${version}` },
      clock.now,
    );
  });
  const credentials = openCredentials({
    encrypted: async (pool) => await (await database.get()).token(pool),
    key: config.encryptionKey,
    configured: config.accessToken,
  });
  const celery = lazily(parts.openCelery);
  const examiners: Examiners = {
    server: async () => await (await database.get()).server(),
    shape: async () => await (await database.get()).shape(),
    index: async () => await (await database.get()).index(),
    journal: async () => await (await database.get()).journal(),
    rows: async () => await (await database.get()).rows(),
    storedAmong: async (ids) => await (await database.get()).storedAmong(ids),
    async pools(): Promise<PoolsFacts | null> {
      const pools = await (await database.get()).pools();
      if (pools === null) return null;
      const told = pools.map(async (pool) => ({
        ...pool,
        tokenFault: pool.on && pool.hasToken ? await credentials.fault(pool.id) : null,
      }));
      return { pools: await Promise.all(told), lack: credentials.lack };
    },
    async graph(pools) {
      const { askGraph } = await import("./pixels.js");
      const { pixelId, graphUrl, graphVersion } = config;
      const of = { pools, pixelId, host: graphUrl.host, version: graphVersion };
      return await askGraph(await lookUps.get(), credentials, of);
    },
    celery: asksCelery(config)
      ? async () => {
          const { examineCelery } = await import("./celery-health.js");
          return await examineCelery(config, parts, celery.get, parts.passive);
        }
      : null,
    logs: logsOf(config, parts),
  };
  return {
    examiners,
    close: async () => {
      await Promise.all([database.close(), lookUps.close(), celery.close()]);
    },
  };
}

async function openDatabase(config: Config, { connection, clock, signals, version }: ExaminerParts) {
  if (connection instanceof KnownError) throw connection;
  const [queries, doctor] = await Promise.all([
    import("../queries/open.js"),
    import("../queries/doctor/open.js"),
  ]);
  const options = forPostgresJs(connection, `purchase-fix/${version}:doctor`);
  const database = queries.openDatabase(options, connection, {
    signal: signals.abandon,
    patienceMs: PATIENCE_MS,
  });
  const { dbTimezone: timeZone, currency } = config;
  const settings = { place: connection.describe(), timeZone, currency, now: clock.now };
  return {
    ...doctor.openDatabaseExaminers(database, settings),
    token: inOne((pools: readonly number[]) => database.read((tx) => queries.encryptedTokens(tx, pools))),
    close: () => database.close(),
  };
}

/** Longer than what a check's statement may take. */
const PATIENCE_MS = 30_000;

/** A broker that is named; the application's own is asked for only where somebody said how (`--celery-cwd`). */
function asksCelery({ brokerUrl, redisUrl, celery }: Config): boolean {
  return brokerUrl !== null || redisUrl !== null || celery.cwd !== null;
}

function logsOf(
  { logs }: Config,
  { clock, signals, missingLogs: missing }: ExaminerParts,
): Examiners["logs"] {
  if (missing === null) return null;
  return async () => {
    const { examineLogs } = await import("../evidence/logs/examine.js");
    const { files, zone } = logs;
    return await examineLogs({ files, zone, signal: signals.stop, now: clock.now() }, missing);
  };
}
