import { randomUUID } from "node:crypto";
import type { Config } from "./config.js";
import { forPostgresJs } from "./connection/drivers.js";
import type {
  ActingContext,
  AttestingContext,
  JournalReader,
  ObservingContext,
  Output,
  ReadingContext,
  ReconcilingContext,
  RestrainingContext,
  SendingContext,
  Signals,
  UndoingContext,
} from "./context.js";
import { openCredentials } from "./meta/credentials.js";
import { openPurchases } from "./meta/purchases.js";
import { openSources } from "./open/evidence.js";
import { outletsOf } from "./open/outlets.js";
import { warnOnce, warned, warnedJournal } from "./open/home.js";
import { inOne } from "./open/in-one.js";
import { lazily } from "./open/lazily.js";
import type { Clock, HistoryReader, Home, Runs, Witness } from "./ports.js";
import { defaultPatience } from "./sales/verdict.js";

/** What the process is: handed in, so that nothing below reads it by itself. */
export interface Surroundings {
  readonly output: Output;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  readonly version: string;
  /** Is told the name of the run, for lines of a log. */
  readonly named?: ((run: string) => void) | undefined;
}

/** What the command line decided beyond the configuration. */
export interface OpenOptions {
  readonly command: string;
  readonly timeoutMs: number;
  readonly minAgeMs?: number | undefined;
  readonly retryHorizonMs?: number | undefined;
  /** To the database, for the work itself. */
  readonly connections?: number | undefined;
  readonly witness: boolean;
  /** False with `--no-broker`: queues, workers and results are not read. */
  readonly broker: boolean;
  readonly trustInferred: boolean;
  /** See `ReadingContext`. */
  readonly again: string;
}

/** Everything opened for one command. `close` ends what was opened, and only that. */
export interface Opened {
  readonly reading: ReadingContext;
  readonly acting: ActingContext;
  readonly sending: SendingContext;
  readonly reconciling: ReconcilingContext;
  readonly restraining: RestrainingContext;
  readonly attesting: AttestingContext;
  readonly undoing: UndoingContext;
  readonly observing: () => Promise<ObservingContext>;
  readonly history: HistoryReader;
  readonly journal: JournalReader;
  readonly runs: Runs;
  readonly home: Home;
  close(): Promise<void>;
}

/** Over 150 lines: one place opens everything. The composition root: configuration in, contexts out. Connections are made by the first use. */
export async function open(config: Config, around: Surroundings, options: OpenOptions): Promise<Opened> {
  const connection = config.connection();
  for (const warning of connection.warnings) around.output.warn(warning);
  const applicationName = `purchase-fix/${around.version}:${options.command}`;
  const queries = await import("./queries/open.js");
  const place = forPostgresJs(connection, applicationName);
  const bounds = { signal: around.signals.abandon };
  const database = queries.openDatabase(place, connection, { ...bounds, max: options.connections ?? 4 });
  // Never behind the work's own connections, and given up before the lease would end.
  const renewals = queries.openDatabase(place, connection, { ...bounds, max: 1, patienceMs: 10_000 });
  const graph = lazily(() => openClient(config, around, options.timeoutMs));
  const credentials = openCredentials({
    encrypted: inOne((pools) => database.read((tx) => queries.encryptedTokens(tx, pools))),
    key: config.encryptionKey,
    configured: config.accessToken,
  });
  const customers = queries.openCustomers(database);
  const base = queries.openEvidence(database, config.dbTimezone, (line) => around.output.warn(line));
  const kept = queries.openKept(database);
  const sources = openSources(config, around, { base, kept, customers }, { broker: options.broker });
  const { shipping, sender } = openPurchases({
    customers: customers.of,
    tracking: sources.tracking,
    credentials,
    graph: graph.get,
    pixelId: config.pixelId,
    currency: config.currency,
  });
  const home = queries.openHome(database);
  const warn = warnOnce(home, around.output);
  const reading: ReadingContext = {
    output: around.output,
    currency: config.currency,
    sales: queries.openSales(database, config.dbTimezone, (line) => around.output.warn(line)),
    evidence: warned(sources.evidence, warn),
    shipping,
    asked: sources.asked,
    again: options.again,
    policy: {
      pixelId: config.pixelId,
      noBrowserPixel: config.noBrowserPixel,
      trustInferred: options.trustInferred,
      minAge: options.minAgeMs ?? defaultPatience.minAge,
      retryHorizon: options.retryHorizonMs ?? defaultPatience.retryHorizon,
      maxAttempts: config.maxAttempts,
    },
  };
  const record = recordOf(around, options.command);
  around.named?.(record.id);
  const runs = queries.openRuns(database, renewals);
  const witness: Witness = {
    check: async (written) => {
      const { openWitness } = await import("./queries/witness.js");
      return await openWitness(connection, applicationName).check(written);
    },
  };
  const acting: ActingContext = {
    ...reading,
    runs,
    attempts: queries.openAttempts(database, config.dbTimezone),
    witness: options.witness ? witness : null,
    clock: around.clock,
    signals: around.signals,
    readsAhead: options.connections !== 1,
    record,
    place: { database: connection.describe(), graph: config.graphUrl.host },
  };
  const sending: SendingContext = { ...acting, sender };
  return {
    reading,
    acting,
    sending,
    reconciling: {
      ...sending,
      successes: queries.openSuccesses(database),
      outlets: outletsOf(config, around),
    },
    restraining: { ...acting, restraints: queries.openRestraints(database) },
    attesting: {
      ...acting,
      attestations: queries.openAttestations(database),
      eventIds: queries.openEventIds(database),
    },
    undoing: { ...acting, pastRuns: queries.openPastRuns(database) },
    observing: async () => {
      const { eyesOf } = await import("./open/eyes.js");
      return { ...acting, keeper: queries.openKeeper(database), eyes: eyesOf(config, around) };
    },
    history: queries.openHistory(database, config.dbTimezone),
    journal: warnedJournal(queries.openJournal(database), warn),
    runs,
    home,
    close: async () => {
      await Promise.all([database.close(), renewals.close(), graph.close(), sources.close()]);
    },
  };
}

/** Short enough to type, long enough to be one's own: twelve digits of a random UUID are 48 bits. */
function recordOf({ host, user, pid, version }: Surroundings, command: string): ActingContext["record"] {
  return { id: randomUUID().replaceAll("-", "").slice(0, 12), command, host, user, pid, version };
}

async function openClient({ graphUrl, graphVersion }: Config, { version }: Surroundings, timeoutMs: number) {
  const { openGraph } = await import("./meta/client.js");
  return openGraph({ url: graphUrl, version: graphVersion, timeoutMs, userAgent: `purchase-fix/${version}` });
}
