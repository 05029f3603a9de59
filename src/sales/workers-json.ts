import type { Instant } from "./sale.js";
import { iso } from "./time.js";
import type { WorkersJudgement } from "./workers-judgement.js";
import { startedSince } from "./workers-signals.js";
import type { CelerySnapshot, WorkerSnapshot } from "./workers.js";

/** The head of the `--json` document of celery-status; its fields are pinned by a test. Null is what is not known. */
export function workersHead(snapshot: CelerySnapshot, judgement: WorkersJudgement): object {
  const { state, condition, because, cause, next, signals, findings } = judgement;
  const { receivers, replies, heartbeats, earlier, answeredAt } = snapshot;
  return {
    via: snapshot.via,
    state,
    condition,
    because,
    cause,
    next,
    signals,
    findings,
    unanswered: snapshot.unanswered,
    receivers,
    replies,
    heartbeats: heartbeats?.map(({ heardAt, ...beat }) => ({ ...beat, heardAt: iso(heardAt) })) ?? null,
    queues: snapshot.queues.map(queueJson),
    unacknowledged: unacknowledgedJson(snapshot),
    copies: snapshot.copies,
    confirmedPurchases: snapshot.confirmedPurchases,
    secondLook: earlier && {
      afterSeconds: Math.round((answeredAt - earlier.answeredAt) / 100) / 10,
      started: startedSince(snapshot),
    },
  };
}

function queueJson({ sample, ...queue }: CelerySnapshot["queues"][number]): object {
  return { ...queue, sample: sample && { ...sample, oldestEventAt: time(sample.oldestEventAt) } };
}

function unacknowledgedJson({ unacknowledged }: CelerySnapshot): object | null {
  if (unacknowledged === null) return null;
  const { count, oldestDeliveredAt, orphans } = unacknowledged;
  return {
    count,
    oldestDeliveredAt: time(oldestDeliveredAt),
    orphans: orphans && { ...orphans, backFrom: time(orphans.backFrom), backBy: time(orphans.backBy) },
  };
}

/** One worker of that document. Null is what it did not tell. */
export function workerJson(worker: WorkerSnapshot): object {
  const { oldest, scheduled } = worker;
  return {
    name: worker.name,
    slots: worker.slots,
    busy: worker.busy,
    oldestTask: oldest && {
      id: oldest.id,
      name: oldest.name,
      startedAt: iso(oldest.startedAt),
      ageSeconds: Math.floor(oldest.ageMs / 1000),
    },
    reserved: worker.reserved,
    scheduled: scheduled && {
      count: scheduled.count,
      nextEta: time(scheduled.nextEta),
    },
    totals: worker.totals,
    sendMetaEvent: worker.sendTotal,
    uptimeSeconds: worker.uptimeSec,
    pid: worker.pid,
    queues: worker.queues,
  };
}

function time(instant: Instant | null): string | null {
  return instant === null ? null : iso(instant);
}
