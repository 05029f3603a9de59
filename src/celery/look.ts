import type { Copies, Heartbeat } from "../sales/broker.js";
import { brokerUnseen, type CelerySnapshot } from "../sales/workers.js";
import { readWorkers, reportedIds } from "./answers.js";
import type { Method } from "./envelope.js";
import { ask, type Polled } from "./pidbox.js";
import { counted, isForbidden, type Place } from "./place.js";
import { readQueues, type LookedAt } from "./queues.js";
import { judgeOrphans, readUnacknowledged, type Open } from "./unacknowledged.js";

/** What a look is for. */
export interface Looking {
  /** How long workers may take to answer; null asks nobody. */
  readonly timeoutMs: number | null;
  /** Queues to look at beside those that the workers name. */
  readonly queues: readonly string[];
  /** Last part of the name of the task that sends to Meta. */
  readonly sendTask: string;
  readonly heartbeats: readonly Heartbeat[] | null;
  readonly earlier: CelerySnapshot | null;
}

const questions = ["ping", "active", "reserved", "scheduled", "stats", "active_queues"] as const;
const MOST_COPIES = 20;

/** One look, in the order in which nothing is missed: a message moves from queue to delivery to worker. */
export async function look(place: Place, looking: Looking): Promise<CelerySnapshot> {
  const { timeoutMs, queues, earlier } = looking;
  const askedAt = place.now();
  const known = await readQueues(place, queues);
  const [open, traces] = [await readUnacknowledged(place), await hasTraces(place)];
  const polled = timeoutMs === null ? null : await ask(place, askable(open), timeoutMs);
  const answeredAt = place.now();
  const workers = polled === null ? [] : readWorkers(polled.answers, answeredAt, looking.sendTask);
  const named = new Set(workers.flatMap((worker) => worker.queues ?? []));
  const lookedAt = [
    ...known,
    ...(await readQueues(
      place,
      [...named].filter((name) => !queues.includes(name)),
    )),
  ];
  // A node that beats and does not answer may well hold what nobody reports.
  const mute = (looking.heartbeats ?? []).some(({ name }) => !workers.some((worker) => worker.name === name));
  return {
    ...brokerUnseen,
    askedAt,
    answeredAt,
    via: polled === null ? "passive" : "redis",
    timeoutMs: timeoutMs ?? 0,
    workers,
    unanswered:
      polled === null ? [] : questions.filter((one) => one !== "ping" && polled.answers[one] === undefined),
    receivers: polled?.receivers ?? null,
    replies: polled?.replies ?? null,
    heartbeats: looking.heartbeats,
    traces:
      traces === false && (open.count > 0 || lookedAt.some(({ queue }) => queue.depth > 0)) ? true : traces,
    queues: lookedAt.map(({ queue }) => queue),
    unacknowledged: await judgeOrphans(place, open, mute ? null : reportedBy(polled)),
    copies: copiesOf(lookedAt, open),
    earlier,
  };
}

/** Who waits for a retry is told with all arguments: of too many deliveries that would be too much to read. */
function askable({ deliveries }: Open): readonly Method[] {
  return deliveries === null ? questions.filter((one) => one !== "scheduled") : questions;
}

function reportedBy(polled: Polled | null): ReadonlySet<string> | null {
  if (polled === null) return null;
  const told = (["active", "reserved", "scheduled"] as const).every((one) => polled.complete.has(one));
  return told ? reportedIds(polled.answers) : null;
}

/** Kombu notes every queue that was ever declared, and never takes the note back. A user without the right sees none. */
async function hasTraces({ redis, keyPrefix }: Place): Promise<boolean | null> {
  const keys = [`${keyPrefix}_kombu.binding.celery`, `${keyPrefix}_kombu.binding.celery.pidbox`];
  const found = await counted(redis.send(["EXISTS", ...keys])).catch((error: unknown) => {
    if (isForbidden(error)) return null;
    throw error;
  });
  return found === null ? null : found > 0;
}

/** A delivery stays in Redis until it is acknowledged, so that both places together hold every message once. */
function copiesOf(lookedAt: readonly LookedAt[], { deliveries }: Open): Copies[] {
  const counts = new Map<string, number>();
  const ids = [
    ...lookedAt.flatMap(({ tasks }) => tasks.map(({ id }) => id)),
    ...(deliveries ?? []).map(({ taskId }) => taskId),
  ];
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts]
    .flatMap(([taskId, copies]) => (copies > 1 ? [{ taskId, copies }] : []))
    .toSorted((a, b) => b.copies - a.copies)
    .slice(0, MOST_COPIES);
}
