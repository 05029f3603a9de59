import { celeryOf } from "./config/celery.js";
import { databaseOf } from "./config/database.js";
import {
  asCount,
  asCurrency,
  asGraphUrl,
  asGraphVersion,
  asPixelId,
  asTruth,
  asZone,
} from "./config/forms.js";
import { dotenvLayer } from "./config/layers.js";
import { logsOf } from "./config/logs.js";
import type { LogSettings } from "./config/logs.js";
import { outletsOf } from "./config/outlets.js";
import type { OutletFlags, OutletSettings } from "./config/outlets.js";
import { optional, usual } from "./config/reading.js";
import type { Reading } from "./config/reading.js";
import { accessToken, brokerUrl, encryptionKey, secretUrl } from "./config/secrets.js";
import type { Connection } from "./connection.js";
import { KnownErrors } from "./errors.js";
import type { Files } from "./files.js";
import type { Secret } from "./redact.js";

export type { OutletSettings } from "./config/outlets.js";

/** The global options, as the command line gives them. */
export interface Flags extends OutletFlags {
  readonly envFile?: string | undefined;
  readonly graphUrl?: string | undefined;
  readonly graphVersion?: string | undefined;
  readonly dbTimezone?: string | undefined;
  readonly currency?: string | undefined;
  readonly pixelId?: string | undefined;
  readonly accessTokenFile?: string | undefined;
  readonly celeryApp?: string | undefined;
  readonly celeryBin?: string | undefined;
  readonly celeryCwd?: string | undefined;
  readonly evidenceLog?: readonly string[] | undefined;
  readonly logTimezone?: string | undefined;
  readonly maxAttempts?: string | undefined;
  /** False with `--no-browser-pixel`; true says nothing, since it is how commander marks the option's absence. */
  readonly browserPixel?: boolean | undefined;
}

/** All that a configuration is made from. */
export interface ConfigInput {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string | null;
  /** The operating system's user. */
  readonly user: string | null;
  readonly files: Files;
}

/** How the workers are asked, whatever their broker. */
export interface CelerySettings {
  readonly app: string;
  readonly binary: string;
  readonly cwd: string | null;
  readonly queues: readonly string[];
  readonly keyPrefix: string;
}

/** What the user decided, checked; `config/settings.ts` lists the names. */
export interface Config {
  /** Where the shop's database is. @throws KnownErrors only when asked, because not every command needs one. */
  readonly connection: () => Connection;
  readonly graphUrl: URL;
  readonly graphVersion: string;
  readonly dbTimezone: string;
  readonly currency: string;
  readonly encryptionKey: Secret | null;
  /** Pixel and token for shops without pools: both, or both null. */
  readonly pixelId: string | null;
  readonly accessToken: Secret | null;
  readonly celery: CelerySettings;
  readonly brokerUrl: Secret | null;
  /** The application's own Redis: its tracking data, and its broker where no other is named. No default: one that happens to run here may be anybody's. */
  readonly redisUrl: Secret | null;
  /** Celery's result backend, where it is named. */
  readonly resultBackendUrl: Secret | null;
  readonly rabbitmqApi: Secret | null;
  /** The application's and the workers' logs, wildcards filled in, and the zone of the clocks that wrote them. */
  readonly logs: LogSettings;
  readonly outlets: OutletSettings;
  /** The delivery page has no browser pixel, so that proof about server copies is proof about all. */
  readonly noBrowserPixel: boolean;
  /** After so many tries in vain a sale is left to a person. */
  readonly maxAttempts: number;
  /** For stderr; a connection has warnings of its own. */
  readonly warnings: readonly string[];
}

/**
 * Flags > environment > `.env` > defaults.
 * @throws KnownErrors with every problem, those of a wrongly configured database included
 */
export function readConfig(input: ConfigInput): Config {
  const { flags } = input;
  const reading: Reading = { layers: [], problems: [], warnings: [] };
  const layers = [{ name: "environment", values: input.env }, dotenvLayer(flags.envFile, input, reading)];
  return checked({ ...reading, layers }, input);
}

function checked(reading: Reading, input: ConfigInput): Config {
  const { flags } = input;
  const pixelId = optional(reading, "META_PIXEL_ID", flags.pixelId, asPixelId);
  const token = accessToken(reading, flags.accessTokenFile, input);
  const pair = pixelId !== null && token !== null;
  if (!pair && (pixelId !== null || token !== null)) {
    reading.warnings.push("META_PIXEL_ID and an access token work only together: the one given is not used");
  }
  const database = databaseOf(reading, input);
  const config: Config = {
    connection: database.connection,
    graphUrl: usual(reading, "META_GRAPH_URL", flags.graphUrl, asGraphUrl),
    graphVersion: usual(reading, "META_GRAPH_VERSION", flags.graphVersion, asGraphVersion),
    dbTimezone: usual(reading, "PURCHASE_FIX_DB_TIMEZONE", flags.dbTimezone, asZone),
    currency: usual(reading, "PURCHASE_FIX_CURRENCY", flags.currency, asCurrency),
    encryptionKey: encryptionKey(reading),
    pixelId: pair ? pixelId : null,
    accessToken: pair ? token : null,
    celery: celeryOf(reading, input),
    brokerUrl: brokerUrl(reading),
    redisUrl: secretUrl(reading, "REDIS_URL"),
    resultBackendUrl: secretUrl(reading, "CELERY_RESULT_BACKEND"),
    rabbitmqApi: secretUrl(reading, "PURCHASE_FIX_RABBITMQ_API"),
    logs: logsOf(reading, input, flags),
    outlets: outletsOf(reading, input.cwd, flags),
    noBrowserPixel: browserPixelIsAbsent(reading, flags),
    maxAttempts: usual(reading, "PURCHASE_FIX_MAX_ATTEMPTS", flags.maxAttempts, asCount),
    warnings: reading.warnings,
  };
  if (reading.problems.length > 0) throw new KnownErrors([...reading.problems, ...database.problems]);
  return config;
}

function browserPixelIsAbsent(reading: Reading, flags: Flags): boolean {
  const declared = usual(reading, "PURCHASE_FIX_NO_BROWSER_PIXEL", undefined, asTruth);
  return flags.browserPixel === false || declared;
}
