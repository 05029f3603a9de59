import { iso } from "./time.js";
import type { CelerySnapshot, WorkersJudgement, WorkerSnapshot } from "./workers.js";

/** The head of the `--json` document of celery-status; its fields are pinned by a test. */
export function workersHead(snapshot: CelerySnapshot, judgement: WorkersJudgement): object {
  const { state, because } = judgement;
  return { via: snapshot.via, state, because, unanswered: snapshot.unanswered };
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
      nextEta: scheduled.nextEta === null ? null : iso(scheduled.nextEta),
    },
    totals: worker.totals,
    sendMetaEvent: worker.sendTotal,
    uptimeSeconds: worker.uptimeSec,
    pid: worker.pid,
  };
}
