import type { LogFacts } from "../../ports.js";
import type { LoggedSpan } from "../../sales/logged.js";
import type { Instant } from "../../sales/sale.js";
import { MINUTE } from "../../sales/sale.js";
import { attemptsFrom } from "./attempts.js";
import { coverage } from "./coverage.js";
import type { LogEvent } from "./event.js";
import { readLogs, type ReadLogsOptions } from "./read-logs.js";

/** The web process waits ten seconds for its task: so long before a `stored` line its event was queued. */
const WAIT = 10 * MINUTE;

/** A log that goes on has a line within this time; its last one need not be of this minute. */
const END = 15 * MINUTE;

/** Reads the logs whole, and says what they are worth; `missing` are those that were named and are not there. */
export async function examineLogs(
  options: Omit<ReadLogsOptions, "positions">,
  missing: readonly string[],
): Promise<LogFacts> {
  const { events, stats, warnings } = await readLogs({ ...options, positions: [] });
  const spans = coverage(stats, events);
  return {
    zone: options.zone,
    missing,
    files: stats.map(({ path, logs, last }) => ({ path, kinds: logs, last })),
    warnings,
    wholeSince: {
      application: wholeSince(spans.application, lastOf(stats, "application")),
      worker: wholeSince(spans.worker, lastOf(stats, "worker")),
    },
    storedBeforeQueued: storedBeforeQueued(events),
    refused: refusedIds(events),
  };
}

function lastOf(stats: readonly { logs: readonly string[]; last: Instant | null }[], log: string): Instant {
  return Math.max(...stats.filter(({ logs }) => logs.includes(log)).map(({ last }) => last ?? -Infinity));
}

/** Begin of the span that reaches up to the log's end. */
function wholeSince(spans: readonly LoggedSpan[], last: Instant): Instant | null {
  return spans.findLast(({ to }) => to >= last - END)?.from ?? null;
}

/**
 * Event ids whose `stored` line comes before the first that builds or queues their event, in one log. A log that begins
 * just before may lack that one: sales of one click share their id, and the second's would pass for it.
 */
function storedBeforeQueued(events: readonly LogEvent[]): number {
  const sends = events.filter(({ kind }) => kind === "event-data" || kind === "queued");
  const holes = events.filter(({ kind }) => kind === "unseen");
  const early = events.filter((line) => {
    if (line.kind !== "stored" || line.eventId === undefined) return false;
    const { eventId, lineage, at } = line;
    const own = sends.filter((one) => one.lineage === lineage && one.eventId?.startsWith(eventId) === true);
    const isSeen = !holes.some((one) => one.lineage === lineage && one.at <= at && one.at > at - WAIT);
    return isSeen && own.length > 0 && own.every((one) => one.at > at);
  });
  return new Set(early.map(({ eventId }) => eventId)).size;
}

/** Ids of which every attempt that was seen was refused, or never left. */
function refusedIds(events: readonly LogEvent[]): string[] {
  const attempts = attemptsFrom(events).filter(({ eventId, eventIdCut }) => eventId !== null && !eventIdCut);
  const open = new Set(
    attempts
      .filter(({ result }) => result !== "refused" && result !== "not-sent")
      .map(({ eventId }) => eventId),
  );
  const refused = attempts.flatMap(({ eventId }) =>
    eventId !== null && !open.has(eventId) ? [eventId] : [],
  );
  return [...new Set(refused)];
}
