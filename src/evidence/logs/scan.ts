import type { LoggedSpan } from "../../sales/logged.js";
import type { Instant } from "../../sales/sale.js";
import { feed, type LogBytes } from "./bytes.js";
import type { LogEvent, LogName } from "./event.js";
import type { KnownTasks } from "./known-tasks.js";
import { Lines } from "./lines.js";
import { Meaning } from "./meaning.js";
import { headOf, lineageOf, type Position } from "./position.js";
import type { ZoneClock } from "./zone.js";

/** What one reading of one file met: plain data, from which `coverage` tells what is known to be whole. */
export interface FileStats {
  readonly path: string;
  readonly lineage: string;
  /** The same log under another name has the same. */
  readonly id: string;
  /** The part of the log that ends where this one begins, where both are known to be whole. */
  readonly follows: string | null;
  /** What its lines look like; both, where two programs write into one file; empty where no line looks like either. */
  readonly logs: readonly LogName[];
  readonly from: number;
  readonly to: number;
  readonly lines: number;
  readonly meaningful: number;
  readonly unreadable: number;
  /** Lines longer than 64 kB, of which the beginning was read. */
  readonly cut: number;
  /** The last line has no end yet; it is read when it has one. */
  readonly halfWritten: boolean;
  /** Why reading ended before the file did. */
  readonly damage: string | null;
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly quiet: readonly LoggedSpan[];
}

export interface ScanOptions {
  readonly zone: ZoneClock;
  readonly tasks: KnownTasks;
  readonly lateFrom: Instant;
  readonly position: Position | null;
  readonly follows: string | null;
  readonly signal: AbortSignal;
}

export interface Scanned {
  readonly stats: FileStats;
  readonly position: Position;
}

/** Reads what is new of one file, in constant memory, and yields events a block at a time. @throws the signal's reason */
export async function* scan(
  path: string,
  bytes: LogBytes,
  options: ScanOptions,
): AsyncGenerator<readonly LogEvent[], Scanned> {
  const { zone, tasks, lateFrom, position, follows, signal } = options;
  const from = position?.offset ?? 0;
  const after = position?.lastAt ?? null;
  const lineage = lineageOf(path);
  const told = { file: path, lineage, zone, tasks, lateFrom, after, busy: position?.busy ?? [] };
  const meaning = new Meaning(told, position?.lines ?? 0);
  const lines = new Lines((b, start, end) => meaning.pass(b, start, end));
  let damage: string | null = null;
  try {
    for await (const _ of feed(path, bytes.compressed, from, lines)) {
      signal.throwIfAborted();
      yield meaning.events.splice(0);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    damage = error instanceof Error ? error.message : "it cannot be read";
  }
  const { application, worker, meaningful, unreadable } = meaning.counts;
  const { first, last, quiet } = meaning.clock;
  const logs: LogName[] = [
    ...(application > 0 ? (["application"] as const) : []),
    ...(worker > 0 ? (["worker"] as const) : []),
  ];
  const head = headOf(bytes.head);
  return {
    stats: {
      path,
      lineage,
      id: position?.id ?? head.sha256,
      follows,
      logs,
      from,
      to: from + lines.consumed,
      lines: lines.count,
      meaningful,
      unreadable,
      cut: lines.cut,
      halfWritten: lines.unfinished > 0,
      damage,
      first,
      last: first === null ? null : last,
      quiet,
    },
    position: {
      path,
      id: position?.id ?? head.sha256,
      // What was short may have grown since: the longer head tells more.
      head,
      offset: from + lines.consumed,
      lines: (position?.lines ?? 0) + lines.count,
      log: logs[0] ?? position?.log ?? null,
      lastAt: last,
      busy: [...meaning.busy],
    },
  };
}
