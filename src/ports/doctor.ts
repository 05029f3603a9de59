import type { CelerySnapshot } from "../sales/workers.js";
import type { Instant } from "../sales/sale.js";
import type { IndexFacts, JournalFacts, RowFacts, ServerFacts, ShapeFacts } from "./doctor-database.js";

/** Why something could not be found out, as an error tells it. */
export interface Trouble {
  readonly what: string;
  readonly why?: string | undefined;
  readonly next?: string | undefined;
}

/** A fact, or why it is not known: not knowing is never taken for a fault, nor for health. */
export type Told<T> = { readonly known: T } | { readonly trouble: Trouble };

/** A setting as it holds, and where it stands. `value` is fit to be printed; null where there is none. */
export interface SettingFact {
  readonly variable: string;
  readonly value: string | null;
  readonly origin: string;
}

/** The configuration as it holds. */
export interface SettingsFacts {
  readonly settings: readonly SettingFact[];
  readonly warnings: readonly string[];
  /** Where the database's password comes from; null where there is none. */
  readonly passwordFrom: string | null;
  /** Where metrics are written, and why they could not be; null where none are. */
  readonly metrics: { readonly path: string; readonly folder: string; readonly fault: string | null } | null;
}

/** What cron's bare environment lacks. */
export interface CronFacts {
  /** The file of settings that cron would read by itself. */
  readonly dotenv: string;
  /** Variables that the shell has and cron has not (or another value of), and where the shell's stand. */
  readonly lost: readonly {
    readonly variable: string;
    readonly from: "environment" | ".env";
    readonly differs: boolean;
  }[];
  /** The `.env` that the shell reads and cron would not; null where it is the same one, or there is none. */
  readonly envFile: string | null;
  /** Folder of the Node that runs now, where cron's PATH finds none. */
  readonly nodeFolder: string | null;
  /** TZ of the shell, where the logs' zone hangs on it. */
  readonly zone: string | null;
  /** What cron could not do anything about. */
  readonly problems: readonly Trouble[];
}

export interface PoolFact {
  readonly id: number;
  readonly name: string | null;
  readonly pixelId: string | null;
  readonly hasToken: boolean;
  readonly on: boolean;
  readonly testEventCode: boolean;
  /** Bots that it serves. */
  readonly bots: readonly number[];
  /** Why its token cannot be used; null where it can, or there is no key. */
  readonly tokenFault: string | null;
}

export interface PoolsFacts {
  readonly pools: readonly PoolFact[];
  /** Why no token could be decrypted. */
  readonly lack: { readonly what: string; readonly next: string } | null;
}

/** What Meta says of a token and a pixel, asked by requests that send nothing. */
export interface PixelFact {
  /** Pool that they are of; null for the configured ones. */
  readonly pool: number | null;
  readonly pixelId: string;
  readonly token:
    | { readonly kind: "valid"; readonly expiresAt: Instant | null }
    | { readonly kind: "invalid" | "inconclusive"; readonly because: string };
  readonly pixel: { readonly kind: "seen" } | { readonly kind: "inconclusive"; readonly because: string };
}

export interface GraphFacts {
  readonly host: string;
  readonly version: string;
  /** Host's clock before and after, Meta's between (to the second); null where nobody answered. */
  readonly clock: { readonly before: Instant; readonly at: Instant; readonly after: Instant } | null;
  /** Meta used another version than asked. */
  readonly versionWarning: string | null;
  /** Meta serves no such version. */
  readonly versionRefused: string | null;
  readonly unreached: string | null;
  readonly pixels: readonly PixelFact[];
  /** Pools that were not asked about, since there are too many. */
  readonly skipped: number;
}

export interface CeleryFacts {
  readonly workers: Told<CelerySnapshot>;
  /** Workers with and without the task that sends; null where they were not asked. */
  readonly registered: Told<{
    readonly having: readonly string[];
    readonly lacking: readonly string[];
  }> | null;
  /** The result backend answers; null where none can be asked. */
  readonly results: Told<true> | null;
  /** The application's Redis answers; null where it is the broker's, or not configured. */
  readonly tracking: Told<true> | null;
}

export interface LogFileFact {
  readonly path: string;
  readonly kinds: readonly string[];
  readonly last: Instant | null;
}

/** What the logs are worth; nothing of their contents. */
export interface LogFacts {
  readonly zone: string;
  readonly missing: readonly string[];
  readonly files: readonly LogFileFact[];
  readonly warnings: readonly string[];
  /** Since when each kind of log is whole up to its end; null where it is not. */
  readonly wholeSince: { readonly application: Instant | null; readonly worker: Instant | null };
  /** Event ids that the web process stored before it queued them. */
  readonly storedBeforeQueued: number;
  /** Event ids that Meta refused, or that never left, and that nobody accepted. */
  readonly refused: readonly string[];
}

/** The readers of the doctor. Each throws a KnownError where it cannot look; none of them can write. */
export interface Examiners {
  server(): Promise<ServerFacts>;
  shape(): Promise<ShapeFacts>;
  index(): Promise<IndexFacts>;
  journal(): Promise<JournalFacts>;
  rows(): Promise<RowFacts>;
  /** Null in a shop without pools. */
  pools(): Promise<PoolsFacts | null>;
  /** How many sales are stored as sent under these ids. */
  storedAmong(eventIds: readonly string[]): Promise<number>;
  /** Null where no token is at hand to ask with: then only host and version are. */
  graph(pools: PoolsFacts | null): Promise<GraphFacts>;
  /** Null where no broker is configured. */
  celery: (() => Promise<CeleryFacts>) | null;
  /** Null where no log is configured. */
  logs: (() => Promise<LogFacts>) | null;
}
