import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { noWishes, makePlan } from "../../src/sales/plan.js";
import type { Action } from "../../src/sales/permissions.js";
import { needsPerson } from "../../src/sales/obstacle.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import type { Judged } from "../../src/sales/verdict.js";
import { ana, atWorker, inHand, inQueue, judgedAs, now, resultOf, task } from "../cast/one-sale.js";
import type { Story } from "../cast/one-sale.js";
import { policy } from "../cast/sales.js";

/* In each of these the wait for the task ended with an error, and the shop's row says no more than that. */

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-not-the-end-"));
afterAll(() => rmSync(folder, { recursive: true }));

const judged = (story: Story) => judgedAs(folder, story);
const acts = (action: Action, one: Judged) => makePlan(action, [one], noWishes, policy, now).act.length === 1;
/** What a window would do with the sale. */
const doneWith = (one: Judged) =>
  (["confirm", "resend", "revert"] as const).filter((action) => acts(action, one));

const failure = resultOf({ status: "FAILURE", outcome: "not-sent", final: false, because: "it failed" });
const none = resultOf({ outcome: "unknown", because: "the task returned nothing" });

describe("the wait timed out, and the task", () => {
  test.each([
    ["is queued", { messages: [inQueue()] }, "queued"],
    ["is running", { messages: [inHand()], reports: [atWorker()] }, "running"],
    [
      "waits for a retry",
      {
        messages: [inHand({ retries: 1, eta: now + HOUR })],
        reports: [atWorker({ place: "scheduled", eta: now + HOUR })],
      },
      "waiting",
    ],
  ] as const)("%s: it is left to it", async (_, looks, state) => {
    const one = await judged({ looks });
    expect([one.kind, one.evidence.live.map((live) => live.state)]).toEqual(["in-flight", [state]]);
    expect(doneWith(one)).toEqual([]);
  });

  test("succeeded later: it is confirmed, by the worker's log or by the result alone", async () => {
    const byLog = await judged({
      told: (book, ready) => {
        book.received(ready, task);
        book.run(ready + 30_000, task, ana, "success");
      },
      looks: null,
    });
    const byResult = await judged({ logs: null, results: [resultOf()] });
    for (const one of [byLog, byResult])
      expect([one.kind, doneWith(one)]).toEqual(["delivered", ["confirm"]]);
  });
});

describe("a double retry", () => {
  test("leaves copies: while one is left, a failure is not the end, and their number is told", async () => {
    const messages = Array.from({ length: 5 }, (_, n) => inQueue({ tag: `copy-${n}`, retries: 3 }));
    const one = await judged({ logs: null, looks: { messages }, results: [failure] });
    expect(one.kind).toBe("in-flight");
    expect(one.evidence.live).toMatchObject([{ copies: 5 }]);
    expect(one.evidence.traces.map(({ result }) => result)).toEqual(["unknown"]);
    expect(doneWith(one)).toEqual([]);
  });

  test("by 5xx, both copies refused: Meta may have it all the same", async () => {
    const one = await judged({
      told: (book, ready) => {
        book.received(ready, task);
        const end = book.run(ready, task, ana, "5xx");
        for (const copy of [10, 20]) {
          book.received(end + copy, task);
          book.run(end + 2_000 + copy * 10, task, ana, "refused");
        }
      },
      results: [none],
    });
    expect([one.kind, doneWith(one)]).toEqual(["ambiguous", ["resend"]]);
    expect(one.identity.eventId).toBe(ana.eventId);
  });
});

test("a worker that was killed: its task is an orphan, and it is said by when it runs", async () => {
  const deliveredAt = now - 20 * MINUTE;
  const one = await judged({
    told: (book, ready) => book.received(ready, task),
    looks: { messages: [inHand({ deliveredAt })] },
  });
  expect([one.kind, doneWith(one)]).toEqual(["in-flight", []]);
  const dueAt = deliveredAt + 3_600_000 + 100_000;
  expect(one.evidence.live).toMatchObject([{ state: "orphan", runsBy: dueAt + 300_000 }]);
});

test("a retry that waits longer than the visibility time-out comes twice: one refusal is not the end", async () => {
  const copies = [
    inHand({ tag: "a", eta: now + HOUR, retries: 6 }),
    inQueue({ tag: "b", redelivered: true, retries: 6 }),
  ];
  const reports = [atWorker({ place: "scheduled", eta: now + HOUR })];
  const one = await judged({ logs: null, looks: { messages: copies, reports }, results: [failure] });
  expect([one.kind, doneWith(one)]).toEqual(["in-flight", []]);
  expect(one.evidence.live).toMatchObject([{ copies: 2 }]);
});

test("a retry that a deploy put back into the list is retrying, and may have been sent", async () => {
  const one = await judged({
    looks: { messages: [inQueue({ eta: now - MINUTE, redelivered: true, retries: 1 })] },
  });
  expect([one.kind, doneWith(one)]).toEqual(["in-flight", []]);
  expect(one.evidence.live).toMatchObject([{ state: "waiting" }]);
  expect(one.evidence.traces.map(({ because }) => because)).toContain(
    "its task has begun: retry 1, handed out again",
  );
});

describe("a frozen or deaf worker", () => {
  const looks = { workers: { receivers: 1, answered: [] } };

  test("may run everything after its restart: what nobody ran is not lost, and nothing is reverted", async () => {
    const one = await judged({ looks, workers: "main-frozen" });
    expect([one.kind, one.evidence.noTaskLives]).toEqual(["ambiguous", false]);
    expect(doneWith(one), "a copy is folded").toEqual(["resend"]);
  });

  test("keeps a task in flight, which then needs a person", async () => {
    const one = await judged({ looks: { ...looks, messages: [inQueue()] }, workers: "main-frozen" });
    expect([one.kind, doneWith(one)]).toEqual(["in-flight", []]);
    expect(needsPerson(one, now)).toContain("the workers are not well (main-frozen)");
  });
});

describe("popped by a main process that froze and was killed", () => {
  test("it is in no place and never ran: lost, by logs that are whole and a broker that was read twice", async () => {
    const one = await judged({});
    expect([one.kind, doneWith(one)]).toEqual(["lost", ["resend", "revert"]]);
    expect(one.because).toContain("no worker ever took its task, and the broker has it no more");
  });

  test.each([
    ["without logs", { logs: null }],
    ["without the broker", { looks: null }],
    [
      "while another worker's log is missing",
      { looks: { workers: { receivers: 2, answered: ["w1@lab", "w2@lab"] } } },
    ],
    ["where one of the looks met it", { looks: [{ messages: [inQueue()] }, {}] }],
  ] as const)("it is not called lost %s", async (_, story) => {
    const one = await judged(story);
    expect(["ambiguous", "in-flight"]).toContain(one.kind);
    expect(doneWith(one)).not.toContain("revert");
  });
});

test("a queue that was flushed tells nothing of what had run before", async () => {
  const broker = { run: "b", startedAt: now - MINUTE };
  const began = (book: Parameters<NonNullable<Story["told"]>>[0], ready: number) =>
    book.received(ready, task);
  const one = await judged({ told: began, looks: { broker } });
  expect([one.kind, one.evidence.noTaskLives]).toEqual(["ambiguous", true]);
  expect(doneWith(await judged({ looks: { broker } })), "while what no worker took did not run").toContain(
    "revert",
  );
});

test("a result that is over an hour old is gone: no key is not 'never ran'", async () => {
  const one = await judged({ logs: null, results: [] });
  expect([one.kind, one.evidence.complete]).toEqual(["ambiguous", false]);
  expect(doneWith(one)).toEqual(["resend"]);
});

test("ended by the time limit: Meta may have it", async () => {
  const limit = resultOf({
    status: "FAILURE",
    outcome: "unknown",
    final: false,
    because: "TimeLimitExceeded",
  });
  const told: Story["told"] = (book, ready) => {
    book.received(ready, task);
    book.run(ready + 1_000, task, ana, "limit");
  };
  for (const story of [{ told }, { logs: null, results: [limit] }, { told, results: [limit] }])
    expect(doneWith(await judged(story))).toEqual(["resend"]);
});

test("sent, then died before the acknowledgement: it cannot be seen, so it goes with the same event id", async () => {
  const one = await judged({
    told: (book, ready) => {
      book.received(ready, task);
      book.run(ready + 1_000, task, ana, "success", { dies: "before" });
      book.restart(ready + 60_000);
      book.received(ready + HOUR, task);
      book.run(ready + HOUR + 1_000, task, ana, "refused");
    },
    results: [none],
  });
  expect([one.kind, doneWith(one)]).toEqual(["ambiguous", ["resend"]]);
  expect(one.identity).toMatchObject({ eventId: ana.eventId, origin: "evidence" });
});
