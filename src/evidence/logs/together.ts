import type { KeptLogs } from "../../ports.js";
import type { Instant } from "../../sales/sale.js";
import type { LogEvent } from "./event.js";
import { atHome, grown, lineages } from "./keeping.js";
import type { ReadLogs } from "./read-logs.js";
import type { FileStats } from "./scan.js";

/** All that is known of the logs, as if one run had read it. */
export interface AllLogs {
  readonly events: readonly LogEvent[];
  readonly stats: readonly FileStats[];
}

/**
 * What was kept since a moment, and what was read now. Older lines may be forgotten already, so that everything before
 * that moment counts as never read: a log then begins there, with requests and tasks under way that nobody saw.
 */
export function together(kept: KeptLogs, read: ReadLogs, since: Instant, host: string): AllLogs {
  const lineageOf = lineages(read.stats, kept.logs, host);
  const own = <T extends { readonly lineage: string }>(one: T) => ({ ...one, lineage: lineageOf(one) });
  const byLog = new Map(kept.logs.map(({ log, stats }) => [log, stats as readonly FileStats[]]));
  for (const stats of read.stats) byLog.set(stats.id, grown(byLog.get(stats.id) ?? [], own(stats)));
  const ids = new Map(read.stats.map(({ path, id }) => [path, id]));
  const known = new Set(kept.events.map(({ log, line, kind }) => `${log} ${line} ${kind}`));
  // A log that was read from its beginning again tells what is known already.
  const fresh = read.events.filter(({ file, line, kind }) => !known.has(`${ids.get(file)} ${line} ${kind}`));
  const seen = [...byLog].flatMap(([log, parts]) => {
    const isKept = kept.logs.some((one) => one.log === log);
    return isKept ? clipped(parts, since) : [...parts];
  });
  return {
    events: [
      ...seen.flatMap((stats) => unseenBefore(stats, since)),
      ...kept.events.map(({ event }) => {
        const one = event as LogEvent;
        return { ...one, file: atHome(one.file, host) };
      }),
      ...fresh.map(own),
    ],
    stats: seen,
  };
}

function clipped(parts: readonly FileStats[], since: Instant): FileStats[] {
  return parts
    .filter(({ last }) => last !== null && last >= since)
    .map((part) => (part.first !== null && part.first < since ? { ...part, first: since } : part));
}

function unseenBefore({ logs, first, lineage, path }: FileStats, since: Instant): LogEvent[] {
  if (first !== since) return [];
  return logs.map((log) => ({ kind: "unseen", log, at: since, lineage, file: path, line: 1 }));
}
