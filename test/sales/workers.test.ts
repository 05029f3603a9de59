import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeWorkers } from "../../src/sales/workers-judge.js";
import {
  brokerUnseen,
  PATIENCE_MS,
  TASK_LIMIT_MS,
  type CelerySnapshot,
  type WorkerSnapshot,
} from "../../src/sales/workers.js";

const now = Date.UTC(2025, 10, 20, 13, 30);
const second = 1_000;
const minute = 60 * second;
const send = "celery_app.send_meta_event";

/** A worker with two slots whose running tasks began so long ago. */
function worker(agesMs: readonly (number | null)[], differing: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  const active = agesMs.map((ageMs, index) => ({
    id: `task-${index}`,
    name: send,
    startedAt: ageMs === null ? null : now - ageMs,
    workerPid: 100 + index,
    acknowledged: false,
  }));
  const longest = Math.max(-1, ...agesMs.filter((ageMs) => ageMs !== null));
  return {
    name: "w1@lab",
    slots: 2,
    busy: active.length,
    active,
    oldest: longest < 0 ? null : { id: "task-0", name: send, startedAt: now - longest, ageMs: longest },
    reserved: 0,
    scheduled: { count: 0, nextEta: null },
    totals: {},
    sendTotal: 0,
    uptimeSec: 60,
    pid: 99,
    queues: null,
    ...differing,
  };
}

function snapshot(workers: readonly WorkerSnapshot[]): CelerySnapshot {
  return {
    ...brokerUnseen,
    askedAt: now - 2 * second,
    answeredAt: now,
    via: "celery",
    timeoutMs: 5_000,
    workers,
    unanswered: [],
  };
}

const w2 = (agesMs: readonly number[]) => worker(agesMs, { name: "w2@lab" });

describe("what the workers told is judged in one line:", () => {
  test.each<[string, WorkerSnapshot[], "healthy" | "unhealthy" | "unknown", string]>([
    ["silence", [], "unknown", "no worker answered within 5 s (down, frozen, or another broker)"],
    ["an idle worker", [worker([])], "healthy", "1 worker answers, 0 of 2 slots busy"],
    ["two workers", [worker([second]), w2([])], "healthy", "2 workers answer, 1 of 4 slots busy"],
    [
      "one full, one not",
      [worker([minute, minute]), w2([])],
      "healthy",
      "2 workers answer, 2 of 4 slots busy",
    ],
    [
      "all slots busy for a moment",
      [worker([minute, 2 * second])],
      "healthy",
      "1 worker answers, 2 of 2 slots busy, for 2s so far",
    ],
    [
      "all slots busy for longer than the web process waits",
      [worker([minute, PATIENCE_MS])],
      "unhealthy",
      "saturated: 2 of 2 slots busy for 10s; a new Purchase outwaits the application's 10s",
    ],
    [
      "all slots of all workers busy, the last one since shortly",
      [worker([minute, minute]), w2([minute, 3 * second])],
      "healthy",
      "2 workers answer, 4 of 4 slots busy, for 3s so far",
    ],
    [
      "all slots busy, nobody knows since when",
      [worker([minute, null])],
      "unhealthy",
      "saturated: 2 of 2 slots busy; a new Purchase outwaits the application's 10s",
    ],
    [
      "all slots busy on a worker whose clock runs ahead",
      [worker([minute, -minute])],
      "healthy",
      "1 worker answers, 2 of 2 slots busy, for 0s so far",
    ],
    [
      "more tasks than slots, after a pool shrank",
      [worker([minute, minute, minute])],
      "unhealthy",
      "saturated: 3 of 2 slots busy for 1m; a new Purchase outwaits the application's 10s",
    ],
    ["a task at its limit", [worker([TASK_LIMIT_MS])], "healthy", "1 worker answers, 1 of 2 slots busy"],
    [
      "a task past its limit",
      [worker([7 * minute]), w2([])],
      "unhealthy",
      "w1@lab has been running celery_app.send_meta_event for 7m, past its limit of 5m (the pool may be frozen)",
    ],
    [
      "due tasks beside free slots",
      [worker([], { reserved: 2 })],
      "unknown",
      "w1@lab holds due tasks while slots are free: ask again; if that stays, the pool may be frozen",
    ],
    [
      "due tasks behind full slots",
      [worker([2 * second, 2 * second], { reserved: 2 })],
      "healthy",
      "1 worker answers, 2 of 2 slots busy, for 2s so far",
    ],
    [
      "a worker that answers a ping and no more",
      [worker([], { slots: null, busy: null }), w2([])],
      "unknown",
      "w1@lab answered, but did not tell slots and running tasks within 5 s",
    ],
    [
      "a task past its limit beside a worker that told nothing",
      [worker([], { slots: null }), w2([6 * minute])],
      "unhealthy",
      "w2@lab has been running celery_app.send_meta_event for 6m, past its limit of 5m (the pool may be frozen)",
    ],
  ])("%s", (_, workers, state, because) => {
    expect(judgeWorkers(snapshot(workers))).toMatchObject({ state, because });
  });
});

describe("whatever the workers told,", () => {
  const count = fc.option(fc.nat(4), { nil: null });
  const anyWorker = fc
    .record({
      ages: fc.array(fc.option(fc.integer({ min: -minute, max: TASK_LIMIT_MS * 2 }), { nil: null }), {
        maxLength: 4,
      }),
      slots: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
      reserved: count,
      told: fc.boolean(),
    })
    .map(({ ages, slots, reserved, told }) =>
      worker(ages, { slots, reserved, ...(told ? {} : { busy: null, active: [], oldest: null }) }),
    );
  const anyWorkers = fc.array(anyWorker, { maxLength: 4 });

  test("there is a judgement with a reason, and the order of the workers does not change it", () => {
    fc.assert(
      fc.property(anyWorkers, (workers) => {
        const judgement = judgeWorkers(snapshot(workers));
        expect(["healthy", "unhealthy", "unknown"]).toContain(judgement.state);
        expect(judgement.because).not.toBe("");
        expect(judgeWorkers(snapshot(workers.toReversed())).state).toBe(judgement.state);
      }),
    );
  });

  test("healthy is said only of workers that told everything and run nothing past its limit", () => {
    fc.assert(
      fc.property(anyWorkers, (workers) => {
        const { state } = judgeWorkers(snapshot(workers));
        const told = workers.every(({ slots, busy }) => slots !== null && busy !== null);
        const overdue = workers.some(({ oldest }) => (oldest?.ageMs ?? 0) > TASK_LIMIT_MS);
        expect(state === "healthy" && (workers.length === 0 || !told || overdue)).toBe(false);
      }),
    );
  });

  test("one more worker with a task past its limit makes it unhealthy", () => {
    fc.assert(
      fc.property(anyWorkers, fc.integer({ min: TASK_LIMIT_MS + 1, max: 1e9 }), (workers, ageMs) => {
        expect(judgeWorkers(snapshot([...workers, w2([ageMs])])).state).toBe("unhealthy");
      }),
    );
  });
});
