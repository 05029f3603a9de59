import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Heartbeat, QueueSnapshot } from "../../src/sales/broker.js";
import { isPlainlyHealthy, judgeWorkers } from "../../src/sales/workers-judge.js";
import { brokerUnseen, type CelerySnapshot, type WorkerSnapshot } from "../../src/sales/workers.js";

const now = Date.UTC(2025, 10, 20, 13, 30);
const second = 1_000;
const send = "celery_app.send_meta_event";

function worker(differing: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    name: "w1@lab",
    slots: 2,
    busy: 0,
    active: [],
    oldest: null,
    reserved: 0,
    scheduled: { count: 0, nextEta: null },
    totals: { [send]: 10 },
    sendTotal: 10,
    uptimeSec: 60,
    pid: 99,
    queues: ["celery"],
    ...differing,
  };
}

/** Both slots busy since so long ago. */
function full(sinceMs: number): Partial<WorkerSnapshot> {
  const active = [0, 1].map((at) => ({
    id: `t${at}`,
    name: send,
    startedAt: now - sinceMs,
    workerPid: at,
    acknowledged: false,
  }));
  return { busy: 2, active, oldest: { id: "t0", name: send, startedAt: now - sinceMs, ageMs: sinceMs } };
}

function queue(depth: number, name = "celery"): QueueSnapshot {
  return { name, depth, lists: [], sample: null, consumers: null, unacknowledged: null, rates: null };
}

function beat(name: string, processed = 10): Heartbeat {
  return { name, pid: 1, active: 0, processed, heardAt: now };
}

function snapshot(differing: Partial<CelerySnapshot>): CelerySnapshot {
  const workers = differing.workers ?? [];
  return {
    ...brokerUnseen,
    askedAt: now - 20,
    answeredAt: now,
    via: "redis",
    timeoutMs: 5_000,
    workers,
    unanswered: [],
    receivers: workers.length,
    replies: workers.length,
    traces: true,
    queues: [queue(0)],
    unacknowledged: { count: 0, oldestDeliveredAt: null, orphans: null },
    ...differing,
  };
}

/** The same as it was two seconds before, with what differed then. */
function after(differing: Partial<CelerySnapshot>, before: Partial<CelerySnapshot> = {}): CelerySnapshot {
  const earlier = snapshot({ ...differing, answeredAt: now - 2 * second, earlier: null, ...before });
  return snapshot({ heartbeats: [], ...differing, earlier });
}

const held = (count: number, sinceMs: number) => ({
  unacknowledged: { count, oldestDeliveredAt: now - sinceMs, orphans: null },
});

describe("what was heard is judged:", () => {
  test.each<[string, CelerySnapshot, string, string]>([
    ["an idle worker", snapshot({ workers: [worker()] }), "healthy", "healthy"],
    ["slots that turn over", snapshot({ workers: [worker(full(2 * second))] }), "healthy", "healthy"],
    ["full slots for long", snapshot({ workers: [worker(full(11 * second))] }), "unhealthy", "saturated"],
    [
      "a backlog that takes longer than the web process waits",
      after(
        { workers: [worker({ ...full(second), totals: { [send]: 12 } })], queues: [queue(100)] },
        { workers: [worker(full(second))] },
      ),
      "unhealthy",
      "saturated",
    ],
    [
      "a backlog while all slots have been busy for a moment",
      after({ workers: [worker(full(3 * second))], queues: [queue(100)] }),
      "healthy",
      "healthy",
    ],
    [
      "a backlog beside free slots, of which nothing is started",
      after({ workers: [worker()], queues: [queue(100)] }),
      "unhealthy",
      "unattended",
    ],
    [
      "a backlog that is done at once",
      after(
        { workers: [worker({ ...full(second), totals: { [send]: 60 } })], queues: [queue(100)] },
        { workers: [worker(full(second))] },
      ),
      "healthy",
      "healthy",
    ],
    [
      "due tasks on free slots, seen once",
      snapshot({ workers: [worker({ reserved: 2 })] }),
      "unknown",
      "unknown",
    ],
    [
      "due tasks on free slots, seen twice",
      after({ workers: [worker({ reserved: 2 })] }),
      "unhealthy",
      "pool-frozen",
    ],
    [
      "due tasks on free slots, but others were started meanwhile",
      after(
        { workers: [worker({ reserved: 2, totals: { [send]: 11 } })] },
        { workers: [worker({ reserved: 2 })] },
      ),
      "healthy",
      "healthy",
    ],
    [
      "due tasks on free slots of a worker that tells no totals",
      after({ workers: [worker({ reserved: 2, totals: null })] }),
      "unknown",
      "unknown",
    ],
    [
      "a task past its limit",
      snapshot({ workers: [worker(full(301 * second))] }),
      "unhealthy",
      "pool-frozen",
    ],
    ["silence with nothing held", after({ receivers: 1, replies: 0 }), "unhealthy", "main-frozen"],
    [
      "silence with more held than a solo pool can",
      after({ receivers: 1, replies: 0, ...held(2, second) }),
      "unhealthy",
      "main-frozen",
    ],
    [
      "silence with one task held past its limit",
      after({ receivers: 1, replies: 0, ...held(1, 301 * second) }),
      "unhealthy",
      "main-frozen",
    ],
    [
      "silence with one task held",
      after({ receivers: 1, replies: 0, ...held(1, second) }),
      "unknown",
      "solo-busy",
    ],
    [
      "silence of one of two, the other being well",
      after({ receivers: 2, replies: 1, workers: [worker()], heartbeats: [beat("w1@lab")] }),
      "unhealthy",
      "main-frozen",
    ],
    [
      "silence of one that beats",
      after({ receivers: 1, replies: 0, heartbeats: [beat("w1@lab")] }),
      "unknown",
      "unknown",
    ],
    [
      "silence before heartbeats were waited for",
      snapshot({ receivers: 1, replies: 0 }),
      "unknown",
      "unknown",
    ],
    ["nobody, before heartbeats were waited for", snapshot({}), "unknown", "unknown"],
    ["nobody listens and one beats", after({ heartbeats: [beat("w1@lab")] }), "unhealthy", "zombie"],
    [
      "nobody listens and one beats and works: its remote control is off",
      after({ heartbeats: [beat("w1@lab", 12)] }, { heartbeats: [beat("w1@lab", 10)] }),
      "unknown",
      "unknown",
    ],
    [
      "one is well, and another beats without listening",
      after({ workers: [worker()], heartbeats: [beat("w1@lab"), beat("w2@lab")] }),
      "unhealthy",
      "zombie",
    ],
    ["nobody listens or beats", after({ queues: [queue(3)] }), "unhealthy", "dead"],
    ["nobody, and nothing of Celery", after({ traces: false }), "unknown", "unknown"],
    ["nobody, traces not to be seen, nothing waits", after({ traces: null }), "unknown", "unknown"],
    [
      "nobody, traces not to be seen, something waits",
      after({ traces: null, queues: [queue(1)] }),
      "unhealthy",
      "dead",
    ],
    [
      "nobody, and yet the queue shrinks",
      after({ queues: [queue(3)] }, { queues: [queue(9)] }),
      "unknown",
      "unknown",
    ],
    [
      "a queue that no worker takes from",
      snapshot({ workers: [worker({ queues: ["mail"] })], queues: [queue(4), queue(0, "mail")] }),
      "unhealthy",
      "unattended",
    ],
    [
      "no answer by the command",
      snapshot({ via: "celery", receivers: null, replies: null }),
      "unknown",
      "unknown",
    ],
    [
      "passively: no heartbeat",
      after({ via: "passive", receivers: null, replies: null }),
      "unknown",
      "unknown",
    ],
    [
      "passively: it beats, and something waits",
      after({
        via: "passive",
        receivers: null,
        replies: null,
        heartbeats: [beat("w1@lab")],
        queues: [queue(4)],
      }),
      "unknown",
      "unknown",
    ],
    [
      "passively: it beats, and the queue shrinks",
      after(
        { via: "passive", receivers: null, replies: null, heartbeats: [beat("w1@lab")], queues: [queue(4)] },
        { queues: [queue(6)] },
      ),
      "healthy",
      "healthy",
    ],
  ])("%s", (_, heard, state, condition) => {
    const judgement = judgeWorkers(heard);
    expect(judgement).toMatchObject({ state, condition });
    expect(judgement.next === null).toBe(state === "healthy");
    expect(judgement.cause === null).toBe(["healthy", "unknown"].includes(condition));
  });

  test("two workers of one name are told to be one", () => {
    const { findings } = judgeWorkers(snapshot({ workers: [worker()], receivers: 2, replies: 2 }));
    expect(findings).toEqual(["2 workers answer under 1 name: give each a name of its own (-n)"]);
  });

  test("orphans, copies and Purchases of confirmed sales are findings beside it", () => {
    const orphans = { count: 1, ids: ["t1"], backFrom: now, backBy: now + 100 * second };
    const { state, findings } = judgeWorkers(
      snapshot({
        workers: [worker()],
        unacknowledged: { count: 1, oldestDeliveredAt: now - 3_600 * second, orphans },
        copies: [{ taskId: "t2", copies: 9 }],
        confirmedPurchases: [{ taskId: "t3", eventId: "purchase_1", saleId: 1 }],
      }),
    );
    expect(state).toBe("healthy");
    expect(findings).toEqual([
      "1 delivery of a worker that died (tasks t1): put back by whatever worker runs between 2025-11-20T13:30:00.000Z and 2025-11-20T13:31:40.000Z",
      expect.stringMatching(/^double-retry storm: 9 copies of task t2; /),
      expect.stringMatching(/^1 Purchase queued for sales that are confirmed already/),
    ]);
  });

  test("a second look is spared only where nothing waits beyond what the slots take", () => {
    expect(isPlainlyHealthy(snapshot({ workers: [worker()], queues: [queue(2)] }))).toBe(true);
    expect(isPlainlyHealthy(snapshot({ workers: [worker()], queues: [queue(3)] }))).toBe(false);
    expect(isPlainlyHealthy(snapshot({}))).toBe(false);
  });
});

describe("whatever was heard,", () => {
  const anyHeartbeats = fc.option(
    fc.uniqueArray(
      fc.constantFrom("w1@lab", "w2@lab", "w3@lab").map((name) => beat(name)),
      {
        selector: ({ name }) => name,
      },
    ),
    { nil: null },
  );
  const anyDepth = fc.nat(20).map((depth) => [queue(depth)]);
  const anyLook = fc.record({
    via: fc.constantFrom("redis" as const, "celery" as const, "passive" as const),
    receivers: fc.option(fc.nat(3), { nil: null }),
    replies: fc.option(fc.nat(3), { nil: null }),
    heartbeats: anyHeartbeats,
    traces: fc.constantFrom(true, false, null),
    queues: anyDepth,
    workers: fc.uniqueArray(
      fc.constantFrom("w1@lab", "w2@lab").map((name) => worker({ name })),
      { selector: ({ name }) => name },
    ),
  });
  const any = fc
    .tuple(anyLook, fc.option(anyLook, { nil: null }))
    .map(([look, before]) => (before === null ? snapshot(look) : after(look, before)));

  test("there is a judgement, and it says something", () => {
    fc.assert(
      fc.property(any, (heard) => {
        const { because, state } = judgeWorkers(heard);
        expect(because).not.toBe("");
        expect(because).not.toMatch(/undefined|null|NaN/);
        expect(["healthy", "unhealthy", "unknown"]).toContain(state);
      }),
    );
  });

  test("silence alone is never called dead", () => {
    fc.assert(
      fc.property(any, (heard) => {
        const { condition } = judgeWorkers(heard);
        if (condition !== "dead") return;
        expect(heard).toMatchObject({ receivers: 0, heartbeats: [], workers: [] });
        expect(heard.traces).not.toBe(false);
      }),
    );
  });

  test("healthy is said only where somebody answered, or was seen to work", () => {
    fc.assert(
      fc.property(any, (heard) => {
        if (judgeWorkers(heard).state !== "healthy") return;
        expect(heard.workers.length > 0 || (heard.heartbeats ?? []).length > 0).toBe(true);
      }),
    );
  });
});
