import { KnownError } from "../../errors.js";
import type { Instant } from "../../sales/sale.js";
import { MINUTE } from "../../sales/sale.js";
import type { LogEvent } from "./event.js";
import { lookAtAll, type LogFile } from "./files.js";
import { KnownTasks } from "./known-tasks.js";
import { ageOf, lineageOf, type Position } from "./position.js";
import { scan, type FileStats, type Scanned } from "./scan.js";
import { zoneClock, type ZoneClock } from "./zone.js";

export interface ReadLogsOptions {
  /** Files, not patterns: of the application's web process and of its workers, in any order. */
  readonly files: readonly string[];
  /** Of the clocks that wrote them, such as `America/Sao_Paulo`. */
  readonly zone: string;
  /** What earlier runs returned; empty to read everything. */
  readonly positions: readonly Position[];
  /** Ids of Purchases' tasks from events of earlier runs, so that what the workers say of them now is kept. */
  readonly tasks?: Iterable<string>;
  /** Worker lines from here on are kept whatever their task: another host's web log may tell yet whose it is. */
  readonly lateFrom?: Instant;
  readonly signal: AbortSignal;
  readonly now: Instant;
}

export interface ReadLogs {
  readonly events: readonly LogEvent[];
  /** Of all logs, those that were not given this time too. */
  readonly positions: readonly Position[];
  readonly stats: readonly FileStats[];
  /** For a person, a line each. */
  readonly warnings: readonly string[];
}

/** A worker's clock may be behind the web process's by so much. */
const CLOCKS = MINUTE;
/** Log lines of tomorrow mean a wrong zone; clocks that differ by less mean nothing. */
const AHEAD = 5 * MINUTE;

/**
 * Reads what is new in the logs. Only events of Purchases are held, so memory grows with these and not with the logs.
 * @throws KnownError for a zone that does not exist; the signal's reason
 */
export async function readLogs(options: ReadLogsOptions): Promise<ReadLogs> {
  const zone = clockOf(options.zone);
  const { files, warnings } = await lookAtAll(options.files, options.positions);
  const tasks = new KnownTasks(options.tasks ?? []);
  const events: LogEvent[] = [];
  const read: Scanned[] = [];
  for (const file of files) {
    const lateFrom = Math.min(lastOfApplication(read) - CLOCKS, options.lateFrom ?? Infinity);
    const one = await readOne(file, { zone, tasks, lateFrom, before: read, signal: options.signal });
    for (const event of one.events) events.push(event);
    read.push(one);
  }
  const stats = read.map((one) => one.stats);
  return {
    events,
    positions: merged(options.positions, read),
    stats,
    warnings: [...warnings, ...stats.flatMap((one) => warningsOf(one, options.now))],
  };
}

interface Reading {
  readonly zone: ZoneClock;
  readonly tasks: KnownTasks;
  readonly lateFrom: Instant;
  readonly before: readonly Scanned[];
  readonly signal: AbortSignal;
}

async function readOne(file: LogFile, reading: Reading): Promise<Scanned & { events: LogEvent[] }> {
  const { before, ...rest } = reading;
  const follows = predecessorOf(file, before);
  const events: LogEvent[] = [];
  const steps = scan(file.path, file.bytes, { ...rest, position: file.position, follows });
  for (;;) {
    const step = await steps.next();
    if (step.done) {
      const begins = file.position === null && follows === null ? unseenBefore(file, step.value.stats) : [];
      return { ...step.value, events: [...begins, ...events] };
    }
    for (const event of step.value) events.push(event);
  }
}

/** Lines before the first one were written by requests and tasks that go on in this file. */
function unseenBefore({ path }: LogFile, { logs, first }: FileStats): LogEvent[] {
  if (first === null) return [];
  return logs.map((log) => ({
    kind: "unseen",
    log,
    at: first,
    lineage: lineageOf(path),
    file: path,
    line: 1,
  }));
}

/** The part that ends where this one begins: the next older by name, read to its very end. */
function predecessorOf({ path, position }: LogFile, before: readonly Scanned[]): string | null {
  const age = ageOf(path);
  if (position !== null || age === null) return null;
  const older = before.find(
    ({ stats }) => stats.lineage === lineageOf(path) && ageOf(stats.path) === age + 1,
  );
  return older && !older.stats.halfWritten && older.stats.damage === null ? older.stats.id : null;
}

function lastOfApplication(read: readonly Scanned[]): Instant {
  const seen = read.filter(({ position }) => position.log === "application");
  const last = seen.map(({ position }) => position.lastAt ?? -Infinity);
  return last.length === 0 ? Infinity : Math.max(...last);
}

function merged(old: readonly Position[], read: readonly Scanned[]): Position[] {
  const fresh = new Map(read.map(({ position }) => [position.id, position]));
  return [...old.filter(({ id }) => !fresh.has(id)), ...fresh.values()];
}

function warningsOf(stats: FileStats, now: Instant): string[] {
  const { path, logs, from, lines, damage, last, unreadable } = stats;
  const told: string[] = [];
  // A few lines that were added since may all be another program's.
  if (from === 0 && lines > 0 && logs.length === 0)
    told.push(`${path}: no line looks like the application's log or a worker's`);
  if (damage !== null) told.push(`${path}: reading ended before the file did (${damage})`);
  if (unreadable > 0) told.push(`${path}: ${unreadable} lines about Purchases could not be read`);
  if (last !== null && last > now + AHEAD)
    told.push(`${path}: its last line lies in the future; is the zone right?`);
  return told;
}

function clockOf(zone: string): ZoneClock {
  try {
    return zoneClock(zone);
  } catch {
    const next = "give a name such as America/Sao_Paulo";
    throw new KnownError({
      what: `unknown time zone for logs: ${zone}`,
      why: "this Node.js does not know it",
      next,
    });
  }
}
