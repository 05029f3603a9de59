import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/sales/evidence.js";
import { repeatsFolded } from "../../src/sales/repeats.js";
import { storyOf } from "../../src/sales/story.js";
import { mostTelling } from "../../src/sales/telling.js";
import {
  allOf,
  ana,
  anaBesideHim,
  attempt,
  caio,
  click,
  evidence,
  hoursAgo,
  judged,
  ours,
  oursOpen,
  task,
} from "../cast/sales.js";

const fact = (hours: number, text: string, differing: Partial<Fact> = {}): Fact => ({
  at: hoursAgo(hours),
  source: "worker log",
  text,
  where: null,
  ...differing,
});
const texts = (lines: readonly { text: string; times: number }[]) =>
  lines.map(({ text, times }) => (times === 1 ? text : `${text} ×${times}`));

describe("a sale's story", () => {
  test("is told in the order of time: row, siblings, logs, tasks, our journal; what has no time comes last", () => {
    const found = evidence({
      siblings: [anaBesideHim({ firstAttempt: hoursAgo(3) })],
      facts: [fact(0.9, "Meta received it", { where: "celery.log:7" })],
      flagTimes: [hoursAgo(0.95)],
    });
    const story = storyOf(caio({ metaEventId: click }), found, [
      {
        at: hoursAgo(0.5),
        run: "a1",
        command: "revert",
        answer: null,
        effect: "reverted",
        because: "given back",
      },
      {
        at: hoursAgo(0.2),
        run: "b2",
        command: "resend",
        answer: "accepted",
        effect: "confirmed",
        because: "Meta received it",
      },
    ]);
    expect(texts(story)).toEqual([
      "sale 7 of the same click: paid, flagged",
      "paid",
      "flagged as reported",
      "was flagged then; our journal kept the time before a revert",
      "Meta received it",
      "our revert: reverted: given back",
      "our resend: accepted, confirmed",
      `confirmed: the row has event id ${click}`,
    ]);
    expect(story.map(({ where }) => where).filter(Boolean)).toEqual(["celery.log:7", "run a1", "run b2"]);
  });

  test("tells an attempt of which no line tells, and none twice", () => {
    const facts = [
      fact(1, "Meta answered", { where: "celery.log:9" }),
      fact(1, "its task ended", { source: "task result" }),
    ];
    const told = [
      attempt({ source: "worker log", because: "Meta answered 500 (celery.log:9)" }),
      attempt({ source: "task result", because: "its task ended" }),
      ours(),
    ];
    const alone = attempt({ because: "nobody's own (gunicorn.log:3)", at: hoursAgo(0.5) });
    const story = storyOf(ana(), evidence({ facts, traces: [...told, alone] }), []);
    expect(texts(story)).toEqual([
      "paid",
      "flagged as reported",
      "Meta answered",
      "its task ended",
      "nobody's own (gunicorn.log:3)",
    ]);
  });

  test("says what the row does not know", () => {
    const bare = ana({ paidAt: null, createdAt: hoursAgo(4), flaggedAt: null });
    expect(texts(storyOf(bare, evidence(), []))).toEqual([
      "created; the row has no time of payment",
      "flagged as reported, without a time",
    ]);
  });
});

describe("repetitions", () => {
  const lines = (...all: string[]) =>
    all.map((text, at) => ({ at, source: "worker log" as const, text, where: null }));

  test("of one line are one, with how often and until when", () => {
    const [one, more] = repeatsFolded(lines("a", "a", "a", "b"));
    expect(one).toMatchObject({ text: "a", times: 3, at: 0, until: 2 });
    expect(more).toMatchObject({ text: "b", times: 1, until: null });
  });

  test("of several are one block, the last turn cut short", () => {
    const retries = lines(
      "Meta answered 500",
      "Retry in 2s",
      "received",
      "Meta answered 500",
      "Retry in 4s",
      "received",
      "Meta answered 500",
      "Retry in 8s",
      "Meta received it",
    );
    expect(texts(repeatsFolded(retries))).toEqual([
      "Meta answered 500 ×3",
      "Retry in 2s ×3",
      "received ×2",
      "Meta received it",
    ]);
  });

  test("are none where a number differs that means something, or the source", () => {
    expect(texts(repeatsFolded(lines("status 400", "status 500")))).toHaveLength(2);
    const [web] = lines("the flag is set");
    const row = { at: 1, source: "row" as const, text: "the flag is set", where: null };
    expect(repeatsFolded(web ? [web, row] : [])).toHaveLength(2);
  });

  test("lose nothing: unfolded again they are as many lines, each of a text that was there", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 }), (all) => {
        const folded = repeatsFolded(lines(...all));
        expect(folded.reduce((sum, { times }) => sum + times, 0)).toBe(all.length);
        for (const name of ["a", "b", "c"]) {
          const count = folded.filter(({ text }) => text === name).reduce((sum, { times }) => sum + times, 0);
          expect(count).toBe(all.filter((one) => one === name).length);
        }
      }),
    );
  });
});

describe("what weighs most", () => {
  test.each([
    [
      "our open attempt",
      evidence({ traces: [attempt(), oursOpen({ because: "no answer came" })] }),
      "no answer came",
    ],
    [
      "the acceptance",
      evidence({
        traces: [attempt({ result: "accepted", because: "Meta received it" }), attempt({ at: hoursAgo(1) })],
      }),
      "Meta received it",
    ],
    [
      "the living task",
      evidence({ live: [task({ copies: 3 })], traces: [attempt()] }),
      "its task is queued, in 3 copies",
    ],
    [
      "the latest failure of a lost one",
      allOf(
        attempt({ result: "not-sent", because: "first" }),
        attempt({ result: "refused", because: "last", at: hoursAgo(1) }),
      ),
      "last",
    ],
    [
      "the attempt that may have arrived, before one that did not",
      evidence({
        traces: [
          attempt({ because: "may have" }),
          attempt({ result: "refused", because: "did not", at: hoursAgo(1) }),
        ],
      }),
      "may have",
    ],
    ["else the last fact", evidence({ facts: [fact(2, "first"), fact(1, "then")] }), "then"],
  ])("%s", (_, found, text) => {
    expect(mostTelling(judged(ana({ sentFromDelivery: false }), found))?.text).toBe(text);
  });

  test("has its place beside it, where a line or a task is known", () => {
    const facts = [fact(1, "Meta received it", { where: "celery.log:7" })];
    const accepted = attempt({ result: "accepted", because: "Meta received it (celery.log:7)" });
    expect(mostTelling(judged(ana(), evidence({ facts, traces: [accepted] })))).toMatchObject({
      text: "Meta received it",
      where: "celery.log:7",
    });
    const result = attempt({ source: "task result", because: "its task ended", taskId: "t-1" });
    expect(mostTelling(judged(ana(), evidence({ traces: [result] })))?.where).toBe("task t-1");
  });

  test("is nothing where only the row speaks", () => {
    expect(mostTelling(judged(ana()))).toBeNull();
  });
});
