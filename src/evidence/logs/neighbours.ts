import type { Instant } from "../../sales/sale.js";
import { MINUTE } from "../../sales/sale.js";
import type { LogEvent } from "./event.js";
import { push } from "./only-possible.js";

/** What the application said of a task, to be compared with what a worker says of it. */
export interface Expected {
  readonly queuedAt: Instant;
  readonly eventId: string | null;
  readonly pixelId: string | null;
}

/** The application's time limit for a task is 300 s: what was said before that, another task said. */
const LONGEST_RUN = 310_000;

const answers = new Set<LogEvent["kind"]>([
  "accepted",
  "refused",
  "server-error",
  "rate-limited",
  "timed-out",
]);

/** Two workers that write into one file have processes of one name: there, neighbours prove nothing. */
export function sharedLogs(events: readonly LogEvent[]): Set<string> {
  const nodes = new Map<string, string[]>();
  for (const { kind, lineage, node } of events)
    if (kind === "worker-started") push(nodes, lineage, node ?? "");
  return new Set([...nodes].filter(([, names]) => new Set(names).size > 1).map(([lineage]) => lineage));
}

/** Whether these lines can be of the run that ended so. One doubt, and none of them is tied. */
export function agree(end: LogEvent, lines: readonly LogEvent[], expected: Expected | undefined): boolean {
  const kinds = lines.map((line) => line.kind);
  const one = (texts: readonly (string | null | undefined)[]): boolean =>
    new Set(texts.filter((text) => text !== undefined && text !== null)).size <= 1;
  return (
    kinds.filter((kind) => answers.has(kind)).length <= 1 &&
    kinds.includes("accepted") ===
      (end.kind === "succeeded" && (end.received ?? 0) > 0 && lines.length > 0) &&
    one([...lines.map((line) => line.pixelId), expected?.pixelId]) &&
    one([...lines.map((line) => line.eventId), expected?.eventId]) &&
    one([...lines.map((line) => line.taskId), end.taskId]) &&
    lines.every((line) => line.at >= end.at - LONGEST_RUN && line.at >= (expected?.queuedAt ?? 0) - MINUTE)
  );
}
