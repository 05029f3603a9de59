import { age } from "./time.js";
import { remedies, type Conclusion, type JudgeRule, type WorkersJudgement } from "./workers-judgement.js";
import { findingsOf, signalsOf, startedBy, sum } from "./workers-signals.js";
import { judgeDeaf, judgeMute, judgePassive, judgeSilence, unknown, waitingIn } from "./workers-silence.js";
import { busySlots, fullSince, isFull, judgeBacklog, judgeFull } from "./workers-slots.js";
import { TASK_LIMIT_MS, type CelerySnapshot, type WorkerSnapshot } from "./workers.js";

/** In the order of what they prove: a sign of trouble comes before a missing answer, and that before an assumption. */
const rules: readonly JudgeRule[] = [
  overdue,
  judgePassive,
  judgeSilence,
  judgeMute,
  untold,
  judgeDeaf,
  stalled,
  unattended,
  judgeFull,
  judgeBacklog,
];

/** Says how the workers are, from what that was concluded, and what to do. */
export function judgeWorkers(snapshot: CelerySnapshot): WorkersJudgement {
  const conclusion =
    rules.reduce<Conclusion | null>((found, rule) => found ?? rule(snapshot), null) ?? well(snapshot);
  return {
    ...conclusion,
    signals: signalsOf(snapshot),
    ...remedies[conclusion.condition],
    findings: findingsOf(snapshot),
  };
}

/** No second look is needed: healthy, and what waits is less than what the slots take at once. */
export function isPlainlyHealthy(snapshot: CelerySnapshot): boolean {
  const slots = sum(snapshot.workers.map((worker) => worker.slots ?? 0));
  return judgeWorkers(snapshot).state === "healthy" && waitingIn(snapshot) <= slots;
}

function overdue({ workers }: CelerySnapshot): Conclusion | null {
  const late = workers.filter((worker) => (worker.oldest?.ageMs ?? 0) > TASK_LIMIT_MS);
  if (late.length === 0) return null;
  return { state: "unhealthy", condition: "pool-frozen", because: late.map(tellOverdue).join("; ") };
}

function untold({ workers, timeoutMs }: CelerySnapshot): Conclusion | null {
  const silent = workers.filter((worker) => worker.slots === null || worker.busy === null);
  if (silent.length === 0) return null;
  return unknown(
    `${names(silent)} answered, but did not tell slots and running tasks within ${timeoutMs / 1000} s`,
  );
}

/** Due tasks on free slots: for a moment that is normal; where nothing starts between two looks, the pool is frozen. */
function stalled(snapshot: CelerySnapshot): Conclusion | null {
  const { workers, earlier } = snapshot;
  const before = earlier && new Set(earlier.workers.filter(isHolding).map(({ name }) => name));
  const still = workers.filter((worker) => isHolding(worker) && before?.has(worker.name) !== false);
  const frozen = still.filter(({ name }) => startedBy(snapshot, name) === 0);
  if (frozen.length > 0) {
    const because = `${names(frozen)} answers, but starts nothing: due tasks wait while slots are free, so its pool is frozen`;
    return { state: "unhealthy", condition: "pool-frozen", because };
  }
  const unsure = still.filter(({ name }) => startedBy(snapshot, name) === null);
  if (unsure.length === 0) return null;
  return unknown(
    `${names(unsure)} holds due tasks while slots are free: ask again; if that stays, the pool may be frozen`,
  );
}

function isHolding(worker: WorkerSnapshot): boolean {
  return !isFull(worker) && (worker.reserved ?? 0) > 0;
}

/** Something waits in a queue of which every worker says that it is not his, or of which RabbitMQ counts no consumer. */
function unattended({ queues, workers }: CelerySnapshot): Conclusion | null {
  const told = workers.every((worker) => worker.queues !== null);
  const served = new Set(workers.flatMap((worker) => worker.queues ?? []));
  const left = queues.filter(
    ({ name, depth, consumers }) => depth > 0 && (consumers === 0 || (told && !served.has(name))),
  );
  if (left.length === 0) return null;
  const which = left.map(({ name, depth }) => `${name} (${depth} waiting)`).join(", ");
  return {
    state: "unhealthy",
    condition: "unattended",
    because: `no worker takes tasks from the queue ${which}`,
  };
}

function well({ workers, answeredAt }: CelerySnapshot): Conclusion {
  const because = `${workers.length === 1 ? "1 worker answers" : `${workers.length} workers answer`}, ${busySlots(workers)}`;
  const since = workers.every(isFull) ? fullSince(workers) : null;
  const soFar = since === null ? "" : `, for ${age(Math.max(0, answeredAt - since))} so far`;
  return { state: "healthy", condition: "healthy", because: `${because}${soFar}` };
}

function tellOverdue(worker: WorkerSnapshot): string {
  const task = worker.oldest;
  if (task === null) return worker.name;
  return `${worker.name} has been running ${task.name} for ${age(task.ageMs)}, past its limit of ${age(TASK_LIMIT_MS)} (the pool may be frozen)`;
}

function names(workers: readonly WorkerSnapshot[]): string {
  return workers.map((worker) => worker.name).join(", ");
}
