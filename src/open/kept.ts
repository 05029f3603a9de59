import type { Config } from "../config.js";
import type { Finders, Kept } from "../evidence/gather.js";
import type { KeptLogs, KeptReader } from "../ports.js";
import { KEPT_FOR } from "../ports.js";
import { DAY, HOUR } from "../sales/sale.js";
import { quietly } from "./quietly.js";
import type { TasksSurroundings } from "./tasks.js";

export interface KeepingSurroundings extends TasksSurroundings {
  readonly host: string;
}

const nothing: KeptLogs = { logs: [], events: [] };

/** What earlier runs kept about these sales. Without it a run knows less, and says so: that is no reason to end. */
export function keptOf(around: KeepingSurroundings, reader: KeptReader): NonNullable<Finders["kept"]> {
  return async (whole) => {
    // Nothing about a sale can have been noticed before it was paid; clocks differ.
    const since = whole.since - HOUR;
    const kept = await quietly(around, "what earlier runs kept was not read", () => reader.of(since));
    return kept ?? ({ attestations: [], ties: [], results: new Map() } satisfies Kept);
  };
}

/** Folding looks back two days, to when a sibling of the click was accepted; and its task may have retried for 17 h. */
const BEFORE_PAYMENT = 3 * DAY;

/** What the logs tell, of what was kept and what is new; null where there are none. */
export function logsOf(
  config: Config,
  around: KeepingSurroundings,
  reader: KeptReader,
): NonNullable<Finders["logs"]> {
  return async (whole, now) => {
    const since = Math.max(now - KEPT_FOR, whole.since - BEFORE_PAYMENT);
    const what = "what earlier runs kept of the logs was not read";
    const kept = (await quietly(around, what, () => reader.logs(since))) ?? nothing;
    if (config.logs.files.length === 0 && kept.logs.length === 0) return null;
    const { together } = await import("../evidence/logs/together.js");
    const { toldBy } = await import("../evidence/logs/told.js");
    const tasks = kept.events.flatMap(({ taskId, unclaimed }) => (unclaimed ? [] : (taskId ?? [])));
    const read = await readNew(config, around, kept.logs, tasks);
    const { events, stats } = together(kept, read, since, around.host);
    return toldBy(events, stats);
  };
}

/** Reads what is new in the logs that are configured. */
export async function readNew(
  { logs }: Config,
  { output, clock, signals, host }: KeepingSurroundings,
  known: KeptLogs["logs"],
  tasks: readonly string[],
  lateFrom = Infinity,
) {
  const { readLogs } = await import("../evidence/logs/read-logs.js");
  const { positionsIn } = await import("../evidence/logs/keeping.js");
  const bar = output.progress("reading the logs");
  const read = await readLogs({
    files: logs.files,
    zone: logs.zone,
    positions: positionsIn(known, host),
    tasks,
    lateFrom,
    signal: signals.stop,
    now: clock.now(),
  }).finally(() => bar.stop());
  for (const warning of read.warnings) output.warn(warning);
  return read;
}
