import type { Attestation } from "../sales/attested.js";
import type { BrokerReading, BrokerTask, TaskResult, TaskTie } from "../sales/tasks.js";
import type { Instant } from "../sales/sale.js";
import type { Lease, RunRecord } from "./runs.js";

/** How long anything observed is kept: Meta takes an event for seven days, and folds copies of it for two. */
export const KEPT_FOR = 9 * 86_400_000;

/** How long a worker's line is kept that nothing calls a Purchase's: the web process's log may be read later, on another host. */
export const UNCLAIMED_FOR = 3_600_000;

/** An operator's word on record, withdrawn or not. */
export interface Word extends Attestation {
  readonly run: string;
  readonly withdrawn: { readonly at: Instant; readonly by: string; readonly because: string } | null;
}

/** Operators' words. Each is given and taken back under the run lock. */
export interface Attestations {
  /** All of them, the newest first; empty where the schema has no place for them yet. */
  list(): Promise<Word[]>;
  give(lease: Lease, word: Omit<Attestation, "id" | "at">): Promise<Attestation>;
  /** Null where no word has that number, or it was withdrawn before. */
  withdraw(lease: Lease, id: number, by: string, because: string): Promise<Word | null>;
}

/** Where an event id is stored already, and how much of one the shop's column can hold. */
export interface EventIds {
  bearers(eventId: string): Promise<{
    readonly most: number | null;
    readonly sales: readonly { readonly id: number; readonly pageviewEventId: string | null }[];
  }>;
}

/** A line of a log as it is kept: `log` and `line` tell it from every other, `event` is the log reader's own. */
export interface KeptEvent {
  readonly log: string;
  readonly line: number;
  readonly kind: string;
  readonly at: Instant;
  readonly taskId: string | null;
  /** A task's line that no line calls a Purchase's yet: most are page views', and are forgotten soon. */
  readonly unclaimed: boolean;
  readonly event: object;
}

/** How far a log was read, and what was met in it: the log reader's own, plain data. */
export interface KeptLog {
  readonly log: string;
  /** The log's name for ever, whatever host reads it later, and under whatever path. */
  readonly lineage: string;
  readonly position: object;
  readonly stats: readonly object[];
}

/** What earlier runs kept of the logs. */
export interface KeptLogs {
  readonly logs: readonly KeptLog[];
  readonly events: readonly KeptEvent[];
}

/** What one observation saw. */
export interface Observed {
  readonly ties: readonly TaskTie[];
  readonly living: readonly BrokerTask[];
  readonly results: readonly TaskResult[];
  readonly logs: readonly KeptLog[];
  readonly events: readonly KeptEvent[];
}

/** Keeps what would vanish. One observer a host at a time; two hosts may keep side by side. */
export interface Keeper {
  /** False where another observer of this host is at it; who died with it is waited out. */
  begin(record: RunRecord, ttlMs: number): Promise<boolean>;
  end(record: RunRecord): Promise<void>;
  /** Tasks whose result may still come, or change. */
  open(): Promise<string[]>;
  /** Positions of all logs, and the tasks that their lines of the last days name. */
  positions(): Promise<{ readonly logs: readonly KeptLog[]; readonly tasks: readonly string[] }>;
  keep(seen: Observed): Promise<{ readonly results: number; readonly events: number }>;
  /** Forgets what is older than `KEPT_FOR`; null where the role may not delete. */
  prune(): Promise<number | null>;
}

/** What `observe` looks with. */
export interface Eyes {
  /** Null where no Redis broker is configured; its reading is null where it could not be read. */
  readonly tasks:
    | (() => Promise<{
        readonly reading: BrokerReading | null;
        readonly results: (taskIds: Iterable<string>) => Promise<ReadonlyMap<string, TaskResult>>;
      }>)
    | null;
  /** Null where no log is configured. `tasks`: those that are known to send a Purchase. */
  readonly logs:
    | ((
        known: readonly KeptLog[],
        tasks: readonly string[],
      ) => Promise<KeptLogs & { readonly ties: readonly TaskTie[] }>)
    | null;
}

/** What was kept, for whoever judges sales. */
export interface KeptReader {
  /** Words that hold, and of the time since then, which task bore which event id and how it ended. */
  of(since: Instant): Promise<{
    readonly attestations: readonly Attestation[];
    readonly ties: readonly TaskTie[];
    readonly results: ReadonlyMap<string, TaskResult>;
  }>;
  logs(since: Instant): Promise<KeptLogs>;
}
