import { describe, expect, test } from "vitest";
import { noEvidence } from "../../src/sales/evidence.js";
import type { Evidence, Sibling } from "../../src/sales/evidence.js";
import { withFindings } from "../../src/sales/findings.js";
import type { LogsTold, TasksTold, Told } from "../../src/sales/found.js";
import { findingsOf } from "../../src/sales/found.js";
import type { LoggedAttempt, LoggedFact } from "../../src/sales/logged.js";
import { readingOf } from "../../src/sales/broker-reading.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import { mergeTasks } from "../../src/sales/task-evidence.js";
import type { TaskResult, TaskTie } from "../../src/sales/tasks.js";
import { look, queued, result } from "../cast/looks.js";
import type { Look } from "../cast/looks.js";
import { ana, anaBesideHim, bia, caio, caioBesideHer, click, hoursAgo, judged, now } from "../cast/sales.js";

/* Ana and Caio share a click; Bia is somebody else. What logs, broker and results told is put together for one of them. */

const whole = { from: hoursAgo(24), to: now };

function fact(text: string, at: number, source: LoggedFact["source"] = "worker log"): LoggedFact {
  return { at, source, file: "/var/log/celery.log", line: 4711, text };
}

function logged(differing: Partial<LoggedAttempt> = {}): LoggedAttempt {
  return {
    paymentId: "BOT19_7",
    saleId: null,
    eventId: click,
    eventIdCut: false,
    pixelId: "1001",
    taskId: "t-ana",
    tiedBy: "ids",
    at: hoursAgo(2),
    lastAt: hoursAgo(2) + MINUTE,
    acceptedAt: null,
    reached: "queued",
    retryAt: null,
    result: "unknown",
    mayStillRun: true,
    cause: "celery-timeout",
    because: "the wait for its task ended",
    status: null,
    code: null,
    subcode: null,
    facts: [fact("queued", hoursAgo(2), "application log")],
    ...differing,
  };
}

const refused = (differing: Partial<LoggedAttempt> = {}) =>
  logged({ result: "refused", reached: "run", mayStillRun: false, because: "Meta refused it", ...differing });
const accepted = (at: number, differing: Partial<LoggedAttempt> = {}) =>
  logged({
    result: "accepted",
    reached: "run",
    mayStillRun: false,
    acceptedAt: at,
    lastAt: at,
    ...differing,
  });

function logs(attempts: readonly LoggedAttempt[], differing: Partial<LogsTold> = {}): LogsTold {
  const owners = new Map(attempts.map((one) => [one.taskId, one]));
  return {
    attemptsOf: ({ paymentId }) => attempts.filter((one) => one.paymentId === paymentId),
    nobodys: (eventId) => attempts.filter((one) => one.paymentId === null && one.eventId === eventId),
    ownerOf: (taskId) => {
      const one = owners.get(taskId);
      return one && one.paymentId !== null ? { id: one.saleId, paymentId: one.paymentId } : null;
    },
    nobodysRunSince: () => false,
    mayBeBuilt: () => false,
    workerLogs: 1,
    coverage: { application: [whole], worker: [whole] },
    ...differing,
  };
}

function tasks(
  seen: Look | null,
  results: readonly TaskResult[] = [],
  ties: readonly TaskTie[] = [],
  differing: Partial<TasksTold> = {},
): TasksTold {
  const reading =
    seen === null ? null : readingOf(look({ ...seen, at: now - 4_000 }), look({ ...seen, at: now - 1_000 }));
  return {
    ...mergeTasks(reading, new Map(results.map((one) => [one.taskId, one])), ties),
    madeUpFor: () => [],
    strays: false,
    workers: null,
    readAt: reading?.readAt[0] ?? null,
    answered: 1,
    ...differing,
  };
}

function evidenceOf(
  sale: ReturnType<typeof ana>,
  told: { logs?: LogsTold; tasks?: TasksTold },
  siblings: readonly Sibling[] = [],
): Evidence {
  const base = { ...noEvidence, siblings };
  const all: Told = { logs: null, tasks: null, tracked: new Map(), attestations: [], ...told };
  return withFindings(sale, base, findingsOf(sale, base, all));
}

const her = ana({ sentFromDelivery: false });
const him = caio({ sentFromDelivery: false });
const his = { paymentId: "BOT19_9", taskId: "t-caio" };
const besideHer = [caioBesideHer({ paymentId: "BOT19_9" })];
const besideHim = [anaBesideHim({ paymentId: "BOT19_7" })];
const kindOf = (sale: typeof her, evidence: Evidence) => judged(sale, evidence).kind;

describe("an acceptance of a shared click", () => {
  const ties = [
    { taskId: "t-ana", eventId: click, pixelId: null },
    { taskId: "t-caio", eventId: click, pixelId: null },
  ];
  const success = (taskId: string) => result({ taskId, doneAt: hoursAgo(1) });

  test("by a task that a log ties to the sibling is the sibling's: hers stays open", () => {
    const told = { logs: logs([logged(), logged(his)]), tasks: tasks({}, [success("t-caio")], ties) };
    expect(kindOf(him, evidenceOf(him, told, besideHim))).toBe("delivered");
    const hers = evidenceOf(her, told, besideHer);
    expect(hers.siblings).toMatchObject([{ id: 9, acceptedAt: hoursAgo(1) }]);
    expect(hers.traces.map(({ result: of }) => of)).not.toContain("accepted");
    expect(hers.facts.map(({ where }) => where)).not.toContain("task t-caio");
  });

  test("that nobody ties goes to whoever carries the click, which says so, and to no other", () => {
    const stranger = accepted(hoursAgo(1), { paymentId: null, taskId: "t-x", tiedBy: null });
    const told = { logs: logs([logged(), logged(his), stranger]) };
    const hers = judged(her, evidenceOf(her, told, besideHer));
    expect([hers.kind, hers.because.includes("for one of the sales that share its click (risk R2)")]).toEqual(
      ["delivered", true],
    );
    expect(kindOf(him, evidenceOf(him, told, besideHim))).not.toBe("delivered");
  });

  test("is not given to a sale whose every attempt is known to have failed", () => {
    const stranger = accepted(hoursAgo(1), { paymentId: null, taskId: "t-x", tiedBy: null });
    const hers = evidenceOf(her, { logs: logs([refused(), stranger]) }, besideHer);
    expect(kindOf(her, hers)).toBe("lost");
  });

  test("counts from when Meta had it, not from the last line of its task", () => {
    const first = accepted(hoursAgo(2), { lastAt: hoursAgo(0.5) });
    const second = accepted(hoursAgo(1), { ...his, lastAt: hoursAgo(1) });
    const told = { logs: logs([first, second]) };
    expect(kindOf(her, evidenceOf(her, told, besideHer))).toBe("delivered");
    expect(kindOf(him, evidenceOf(him, told, besideHim))).toBe("folded");
  });
});

describe("a living task", () => {
  test("of the sibling is not hers, though while it lives hers cannot be said to be over", () => {
    const told = {
      logs: logs([logged(), logged(his)]),
      tasks: tasks({ messages: [queued({ taskId: "t-caio", eventId: click })] }),
    };
    const hers = evidenceOf(her, told, besideHer);
    expect([hers.live, hers.noTaskLives]).toEqual([[], false]);
    expect(evidenceOf(him, told, besideHim).live).toMatchObject([{ taskId: "t-caio" }]);
  });

  test("that no log ties may be either's", () => {
    const told = { tasks: tasks({ messages: [queued({ taskId: "t-x", eventId: click })] }) };
    expect(kindOf(her, evidenceOf(her, told, besideHer))).toBe("in-flight");
    expect(kindOf(him, evidenceOf(him, told, besideHim))).toBe("in-flight");
  });

  test("is told by its worker's last line until the retry must have run, where no broker was read", () => {
    const retry = (retryAt: number) => ({ logs: logs([logged({ reached: "run", retryAt })]) });
    const waits = judged(her, evidenceOf(her, retry(now + HOUR)));
    expect([waits.kind, waits.because]).toEqual([
      "in-flight",
      expect.stringContaining("its task is waiting"),
    ]);
    expect(kindOf(her, evidenceOf(her, retry(now - HOUR)))).toBe("ambiguous");
  });

  test("that a log tells of is gone where the broker, read whole, has it no more", () => {
    const told = { logs: logs([logged({ reached: "run", retryAt: now + HOUR })]), tasks: tasks({}) };
    expect(evidenceOf(her, told).live).toEqual([]);
  });
});

describe("a result", () => {
  test("under a task that a log ties to somebody else is theirs, even under her event id", () => {
    const told = {
      logs: logs([logged(), logged({ paymentId: "BOT19_8", taskId: "t-bia" })]),
      tasks: tasks({}, [result({ taskId: "t-bia" })], [{ taskId: "t-bia", eventId: click, pixelId: null }]),
    };
    expect(kindOf(her, evidenceOf(her, told))).not.toBe("delivered");
  });

  test("of nothing leaves the word to a log that saw the runs, and only to that", () => {
    const nothing = (doneAt: number) => [result({ taskId: "t-ana", outcome: "unknown", doneAt })];
    const ties = [{ taskId: "t-ana", eventId: click, pixelId: null }];
    const told = (doneAt: number) => ({ logs: logs([refused()]), tasks: tasks({}, nothing(doneAt), ties) });
    expect(kindOf(her, evidenceOf(her, told(hoursAgo(2) + MINUTE)))).toBe("lost");
    expect(kindOf(her, evidenceOf(her, told(hoursAgo(1)))), "a later run").toBe("ambiguous");
  });

  test("of a failure does not speak for a run that may have arrived, and that a log saw", () => {
    const saw = logged({ reached: "run", because: "Meta did not answer in time, and may have it" });
    const failed = result({ taskId: "t-ana", status: "FAILURE", outcome: "not-sent", doneAt: hoursAgo(1) });
    const ties = [{ taskId: "t-ana", eventId: click, pixelId: null }];
    const { traces } = evidenceOf(her, { logs: logs([saw]), tasks: tasks({}, [failed], ties) });
    expect(traces.map(({ result: of }) => of)).toEqual(["unknown"]);
  });
});

describe("a contradiction", () => {
  test("reported as failed after Meta accepted: Meta has it", () => {
    const told = { logs: logs([accepted(hoursAgo(2)), refused({ at: hoursAgo(1), taskId: "t-2" })]) };
    expect(kindOf(her, evidenceOf(her, told))).toBe("delivered");
  });
});

describe("that nobody began to send", () => {
  const quiet = (differing: Partial<LogsTold> = {}) => ({ logs: logs([], differing) });

  test("is proof of loss where both logs are whole from the payment until after the flag", () => {
    const hers = judged(her, evidenceOf(her, quiet()));
    expect([hers.kind, hers.because]).toEqual([
      "lost",
      "the logs are whole since its payment, and nobody began to send it",
    ]);
  });

  test("leaves the browser's pixel, which is folded while its id is known", () => {
    const script = ana({ sentFromDelivery: true });
    expect(judged(script, evidenceOf(script, quiet()))).toMatchObject({
      kind: "lost",
      foldedUntil: hoursAgo(2) + 47 * HOUR,
    });
    const unnamed = bia({ sentFromDelivery: true });
    expect(kindOf(unnamed, evidenceOf(unnamed, quiet()))).toBe("untraceable");
  });

  test.each([
    [
      "the web process's log begins after the payment",
      { application: [{ from: hoursAgo(1.9), to: now }], worker: [whole] },
    ],
    ["the workers' log is not there", { application: [whole], worker: [] }],
    [
      "the log ends before the flag",
      { application: [{ from: hoursAgo(24), to: hoursAgo(2) }], worker: [whole] },
    ],
  ])("is not known where %s", (_, coverage) => {
    expect(kindOf(her, evidenceOf(her, quiet({ coverage })))).toBe("ambiguous");
  });

  test("is not known of a sale without a flag time", () => {
    const timeless = ana({ sentFromDelivery: false, flaggedAt: null });
    expect(kindOf(timeless, evidenceOf(timeless, quiet()))).toBe("ambiguous");
  });
});

describe("an attempt that came to nothing", () => {
  const built = logged({ reached: "built", taskId: null, cause: null, because: "no line tells" });

  test.each([
    ["ended at the page's first line", { reached: "page", eventId: null, taskId: null, cause: null }],
    ["ended before the event was built", { reached: "queueing", eventId: null, taskId: null, cause: null }],
  ] as const)("%s: the logs alone prove it", (_, differing) => {
    expect(kindOf(her, evidenceOf(her, { logs: logs([logged(differing)]) }))).toBe("lost");
  });

  test("may have built an event that no line ties", () => {
    const begun = logged({ reached: "queueing", eventId: null, taskId: null, cause: null });
    const told = { logs: logs([begun], { mayBeBuilt: () => true }) };
    expect(kindOf(her, evidenceOf(her, told))).toBe("ambiguous");
  });

  test("was queued, and no worker took it: logs and broker prove it together", () => {
    expect(kindOf(her, evidenceOf(her, { logs: logs([logged()]) })), "logs alone").toBe("ambiguous");
    expect(kindOf(her, evidenceOf(her, { tasks: tasks({}) })), "the broker alone").toBe("ambiguous");
    expect(kindOf(her, evidenceOf(her, { logs: logs([logged()]), tasks: tasks({}) }))).toBe("lost");
  });

  test.each([
    ["its task lives", logged(), {}, tasks({ messages: [queued({ taskId: "t-ana" })] })],
    ["the broker was not read whole", logged(), {}, tasks({ workers: { receivers: 2 } })],
    ["the workers are not well", logged(), {}, tasks({}, [], [], { workers: "frozen" })],
    ["more workers answer than logs were given", logged(), {}, tasks({}, [], [], { answered: 2 })],
    ["it is younger than a busy queue may be", logged({ lastAt: now - 10 * MINUTE }), {}, tasks({})],
    [
      "the workers' log ends long before the broker was read",
      logged(),
      { worker: [{ from: hoursAgo(24), to: hoursAgo(1) }] },
      tasks({}),
    ],
    ["somebody answered for it", logged({ cause: "task-failed" }), {}, tasks({})],
    ["only the beginning of its event id is known", logged({ eventIdCut: true }), {}, tasks({})],
    [
      "its result tells of a run",
      logged(),
      {},
      tasks(
        {},
        [result({ taskId: "t-ana", status: "FAILURE", outcome: "unknown" })],
        [{ taskId: "t-ana", eventId: click, pixelId: null }],
      ),
    ],
  ] as const)("is not called lost where %s", (_, attempt, coverage, seen) => {
    const told = {
      logs: logs([attempt], { coverage: { application: [whole], worker: [whole], ...coverage } }),
      tasks: seen,
    };
    expect(kindOf(her, evidenceOf(her, told))).not.toBe("lost");
  });

  test("of which no line says that it was queued, is not lost while a run may have been anybody's", () => {
    const both = (differing: Partial<LogsTold>) => ({ logs: logs([built], differing), tasks: tasks({}) });
    expect(kindOf(her, evidenceOf(her, both({})))).toBe("lost");
    expect(kindOf(her, evidenceOf(her, both({ nobodysRunSince: () => true })))).toBe("ambiguous");
  });

  test("nor while one under its event id names no sale: it may be a sibling's, and may be hers", () => {
    const both = (taskId: string | null) => ({
      logs: logs([built], { nobodys: () => [{ ...built, paymentId: null, saleId: null, taskId }] }),
      tasks: tasks({}),
    });
    expect(kindOf(her, evidenceOf(her, both(null)))).toBe("lost");
    expect(kindOf(her, evidenceOf(her, both("t-somebodys")))).not.toBe("lost");
  });
});

describe("an event id of the form purchase_<id>_<second>", () => {
  test("is recovered from the broker, and from the logs", () => {
    const made = "purchase_8_1763650000";
    const message = queued({ taskId: "t-bia", eventId: made, pixelId: "1001" });
    const byBroker = tasks({ messages: [message] }, [], [], { madeUpFor: (id) => (id === 8 ? [made] : []) });
    expect(judged(bia(), evidenceOf(bia(), { tasks: byBroker }))).toMatchObject({
      kind: "in-flight",
      identity: { eventId: made, origin: "evidence", knowledge: "known" },
    });
    const byLogs = logs([logged({ paymentId: "BOT19_8", eventId: made, reached: "run" })]);
    expect(judged(bia(), evidenceOf(bia(), { logs: byLogs })).identity.eventId).toBe(made);
  });

  test("of which only the beginning is known is not taken for an id", () => {
    const cut = logged({ paymentId: "BOT19_8", eventId: "purchase_8_17", eventIdCut: true, reached: "run" });
    expect(judged(bia(), evidenceOf(bia(), { logs: logs([cut]) }))).toMatchObject({
      kind: "untraceable",
      identity: { eventId: "purchase_8", knowledge: "unknown" },
    });
  });
});

test("a task whose event nobody knows may be that of a sale without an id, and not of one whose id is known", () => {
  const seen = () => tasks({}, [], [], { strays: true });
  expect(evidenceOf(bia(), { tasks: seen() }).noTaskLives).toBe(false);
  expect(evidenceOf(her, { tasks: seen() }).noTaskLives).toBe(true);
  const named = logged({ paymentId: "BOT19_8", eventId: "purchase_8_1763650000" });
  const hers = (attempt: LoggedAttempt) => evidenceOf(bia(), { logs: logs([attempt]), tasks: seen() });
  expect(hers(named).noTaskLives, "her log names every id").toBe(true);
  expect(hers({ ...named, eventIdCut: true }).noTaskLives).toBe(false);
});
