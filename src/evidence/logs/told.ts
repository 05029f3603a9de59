import type { LogsTold } from "../../sales/found.js";
import type { LoggedAttempt } from "../../sales/logged.js";
import type { TaskTie } from "../../sales/tasks.js";
import { tie } from "./attempts.js";
import { byPayment } from "./by-sale.js";
import { coverage } from "./coverage.js";
import type { LogEvent } from "./event.js";
import type { FileStats } from "./scan.js";

/** What was read of the logs, as whoever judges sales asks for it; and which task bore which event id. */
export function toldBy(
  events: readonly LogEvent[],
  stats: readonly FileStats[],
): { readonly told: LogsTold; readonly ties: readonly TaskTie[] } {
  const { attempts, nobodysRuns } = tie(events);
  const bySale = byPayment(attempts);
  const owners = new Map(attempts.flatMap(ownerOf));
  // A worker that ended by force takes what it ran with it: of a task that no line names, nobody would know.
  const forced = events.filter(({ kind }) => kind === "worker-started" || kind === "process-gone");
  const strangers = [...nobodysRuns, ...forced].map(({ at }) => at);
  const builtByNobody = attempts.filter((one) => one.tiedBy === null).map(({ at }) => at);
  return {
    told: {
      attemptsOf: (sale) => bySale.of(sale),
      nobodys: (eventId) => bySale.nobodys(eventId),
      ownerOf: (taskId) => owners.get(taskId) ?? null,
      nobodysRunSince: (from) => strangers.some((at) => at >= from),
      mayBeBuilt: (from, to) => builtByNobody.some((at) => at >= from && at <= to),
      workerLogs: new Set(events.flatMap(({ log, lineage }) => (log === "worker" ? [lineage] : []))).size,
      coverage: coverage(stats, events),
    },
    ties: attempts.flatMap(tieOf),
  };
}

type Owner = readonly [string, { readonly id: number | null; readonly paymentId: string | null }];

/** Tied by nothing but an event id is not tied to the task: another sale of its click may bear that id. */
function ownerOf({ taskId, saleId, paymentId, tiedBy }: LoggedAttempt): Owner[] {
  const isTied = taskId !== null && tiedBy === "ids" && (saleId !== null || paymentId !== null);
  return isTied ? [[taskId, { id: saleId, paymentId }]] : [];
}

function tieOf({ taskId, eventId, eventIdCut, pixelId }: LoggedAttempt): TaskTie[] {
  return taskId === null || eventId === null || eventIdCut ? [] : [{ taskId, eventId, pixelId }];
}
