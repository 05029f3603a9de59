import { age } from "./time.js";
import type { Conclusion } from "./workers-judgement.js";
import { startedSince, sum } from "./workers-signals.js";
import { depthChange, waitingIn } from "./workers-silence.js";
import { PATIENCE_MS, type CelerySnapshot, type WorkerSnapshot } from "./workers.js";

/** Every slot busy for longer than the web process waits. */
export function judgeFull({ workers, answeredAt }: CelerySnapshot): Conclusion | null {
  if (!workers.every(isFull)) return null;
  const since = fullSince(workers);
  // A worker's clock may run ahead of ours.
  const fullMs = since === null ? null : Math.max(0, answeredAt - since);
  if (fullMs !== null && fullMs < PATIENCE_MS) return null;
  const howLong = fullMs === null ? "" : ` for ${age(fullMs)}`;
  return {
    state: "unhealthy",
    condition: "saturated",
    because: `saturated: ${busySlots(workers)}${howLong}; a new Purchase outwaits the application's ${age(PATIENCE_MS)}`,
  };
}

/** Slots turn over, but what waits takes longer than the web process waits for a task. */
export function judgeBacklog(snapshot: CelerySnapshot): Conclusion | null {
  const { earlier, answeredAt, workers } = snapshot;
  const waiting = waitingIn(snapshot);
  const slots = sum(workers.map((worker) => worker.slots ?? 0));
  const started = startedSince(snapshot);
  if (earlier === null || started === null || waiting <= slots) return null;
  if (started === 0) return judgeStandstill(snapshot, waiting);
  const waitMs = (waiting / started) * Math.max(1, answeredAt - earlier.answeredAt);
  if (waitMs <= PATIENCE_MS) return null;
  return {
    state: "unhealthy",
    condition: "saturated",
    because: `saturated: ${waiting} tasks wait, about ${age(waitMs)} of work; a new Purchase outwaits the application's ${age(PATIENCE_MS)}`,
  };
}

/** Nothing was started: slots that are all full may take their time; free ones should have taken what waits. */
function judgeStandstill(snapshot: CelerySnapshot, waiting: number): Conclusion | null {
  if (snapshot.workers.every(isFull) || depthChange(snapshot) < 0) return null;
  const because = `${waiting} tasks wait while slots are free, and none was started between two looks`;
  return { state: "unhealthy", condition: "unattended", because };
}

export function busySlots(workers: readonly WorkerSnapshot[]): string {
  return `${sum(workers.map((one) => one.busy ?? 0))} of ${sum(workers.map((one) => one.slots ?? 0))} slots busy`;
}

export function isFull(worker: WorkerSnapshot): boolean {
  return worker.slots !== null && worker.busy !== null && worker.busy >= worker.slots;
}

/** Since when every slot has surely been busy: the youngest start of all. Null where a start is not known. */
export function fullSince(workers: readonly WorkerSnapshot[]): number | null {
  let youngest: number | null = null;
  for (const { startedAt } of workers.flatMap((worker) => worker.active)) {
    if (startedAt === null) return null;
    youngest = Math.max(youngest ?? startedAt, startedAt);
  }
  return youngest;
}
