import { age, iso } from "./time.js";
import type { CelerySnapshot } from "./workers.js";

/** Copies of one task from which the application's double retry is the likely reason: copies double with every failure. */
const STORM = 4;

/** What was seen, one fact a line, in the order in which it was concluded from. */
export function signalsOf(snapshot: CelerySnapshot): string[] {
  return [
    ...listening(snapshot),
    ...beating(snapshot),
    ...snapshot.queues.map((queue) => waiting(queue.name, queue.depth, snapshot)),
    ...undelivered(snapshot),
    ...moving(snapshot),
  ];
}

function listening({ receivers, replies, timeoutMs }: CelerySnapshot): string[] {
  if (receivers === null) return [];
  if (receivers === 0) return ["nobody listens for questions"];
  return [`${plural(receivers, "worker")} listening, ${replies ?? 0} answered within ${timeoutMs / 1000} s`];
}

function beating({ heartbeats }: CelerySnapshot): string[] {
  if (heartbeats === null) return [];
  if (heartbeats.length === 0) return ["no heartbeat heard"];
  return [`heartbeats of ${heartbeats.map(({ name }) => name).join(", ")}`];
}

function waiting(name: string, depth: number, { earlier, answeredAt }: CelerySnapshot): string {
  const before = earlier?.queues.find((queue) => queue.name === name);
  const said = `queue ${name}: ${depth} waiting`;
  if (earlier === null || before === undefined) return said;
  const change = depth - before.depth;
  return `${said}, ${change > 0 ? "+" : ""}${change} in ${age(Math.max(1_000, answeredAt - earlier.answeredAt))}`;
}

function undelivered({ unacknowledged, answeredAt }: CelerySnapshot): string[] {
  if (unacknowledged === null || unacknowledged.count === 0) return [];
  const { count, oldestDeliveredAt } = unacknowledged;
  const since =
    oldestDeliveredAt === null ? "" : `, the oldest for ${age(Math.max(0, answeredAt - oldestDeliveredAt))}`;
  return [`${count} delivered and not acknowledged${since}`];
}

function moving(snapshot: CelerySnapshot): string[] {
  const moved = startedSince(snapshot);
  return moved === null ? [] : [`${plural(moved, "task")} started between two looks`];
}

/** Tasks that the workers started between two looks; null where that cannot be seen. A worker that restarted counts from 0. */
export function startedSince({ workers, heartbeats, earlier }: CelerySnapshot): number | null {
  if (earlier === null) return null;
  const now = new Map<string, number>();
  for (const { name, processed } of heartbeats ?? []) if (processed !== null) now.set(name, processed);
  for (const { name, totals } of workers) if (totals !== null) now.set(name, sum(Object.values(totals)));
  const before = new Map<string, number>();
  for (const { name, processed } of earlier.heartbeats ?? [])
    if (processed !== null) before.set(name, processed);
  for (const { name, totals } of earlier.workers)
    if (totals !== null) before.set(name, sum(Object.values(totals)));
  const moves = [...now].flatMap(([name, count]) => {
    const then = before.get(name);
    return then === undefined ? [] : [count >= then ? count - then : count];
  });
  return moves.length === 0 ? null : sum(moves);
}

/** What one worker started between two looks. */
export function startedBy(snapshot: CelerySnapshot, name: string): number | null {
  const only = (one: CelerySnapshot) => one.workers.filter((worker) => worker.name === name);
  const { earlier } = snapshot;
  const before = earlier && { ...earlier, workers: only(earlier), heartbeats: null };
  return startedSince({ ...snapshot, workers: only(snapshot), heartbeats: null, earlier: before });
}

/** What is not right beside the workers' condition. */
export function findingsOf(snapshot: CelerySnapshot): string[] {
  return [...orphaned(snapshot), ...copied(snapshot), ...namesakes(snapshot), ...resendable(snapshot)];
}

function orphaned({ unacknowledged }: CelerySnapshot): string[] {
  const orphans = unacknowledged?.orphans ?? null;
  if (orphans === null || orphans.backFrom === null || orphans.backBy === null) return [];
  const ids = `${orphans.ids.slice(0, 3).join(", ")}${orphans.ids.length > 3 ? ", …" : ""}`;
  const many = `${orphans.count} ${orphans.count === 1 ? "delivery" : "deliveries"}`;
  return [
    `${many} of a worker that died (tasks ${ids}): put back by whatever worker runs between ${iso(orphans.backFrom)} and ${iso(orphans.backBy)}`,
  ];
}

function copied({ copies }: CelerySnapshot): string[] {
  const [most] = copies;
  if (most === undefined) return [];
  if (most.copies < STORM) {
    return [`${plural(copies.length, "task")} with more than one message (${most.copies} of ${most.taskId})`];
  }
  const why = "the task's retry() stands in a try that retries again, so that every failure queues two";
  return [`double-retry storm: ${most.copies} copies of task ${most.taskId}; ${why}`];
}

/** They answer as one: what is told of them is that of the last to answer. */
function namesakes({ workers, replies }: CelerySnapshot): string[] {
  if (replies === null || replies <= workers.length) return [];
  return [
    `${replies} workers answer under ${plural(workers.length, "name")}: give each a name of its own (-n)`,
  ];
}

function resendable({ confirmedPurchases }: CelerySnapshot): string[] {
  if (confirmedPurchases === null || confirmedPurchases.length === 0) return [];
  const which = plural(confirmedPurchases.length, "Purchase");
  return [
    `${which} queued for sales that are confirmed already: run or purge them within 47 h of the first attempt`,
  ];
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
