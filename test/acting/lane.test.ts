import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/acting/lane.js";
import { Breaker } from "../../src/acting/breaker.js";
import { BATCH, batches, consequence, refusalCode, settlements } from "../../src/acting/lane.js";
import type { GraphAnswer, RefusalScope } from "../../src/ports.js";
import type { Planned } from "../../src/sales/plan.js";
import { makePlan } from "../../src/sales/plan.js";
import { ana, judged, now, policy, wishes } from "../cast/sales.js";

function plannedSales(count: number): readonly Planned[] {
  const sales = Array.from({ length: count }, (_, index) =>
    judged(ana({ id: index + 1, pageviewEventId: `pageview_${index + 1}` })),
  );
  return makePlan("resend", sales, wishes(), policy, now).act;
}

const batch = (count: number, tries = 0): Batch => ({ sales: plannedSales(count), tries });
const ids = ({ sales }: Batch) => sales.map((item) => item.judged.sale.id);
const again = (answer: GraphAnswer, of: Batch) =>
  consequence(answer, of).again.map((next) => ({ ids: ids(next), tries: next.tries }));

const accepted: GraphAnswer = { kind: "accepted", received: 1, fbtraceId: "A1" };
const unreached: GraphAnswer = { kind: "unreached", because: "connection refused" };
const lost: GraphAnswer = { kind: "unknown", because: "no answer", status: null, fbtraceId: null };
const short: GraphAnswer = { ...lost, because: "1 of 3 events received", status: 200, short: true };

function refused(scope: RefusalScope, differing: Partial<Extract<GraphAnswer, { kind: "refused" }>> = {}) {
  const answer: GraphAnswer = {
    kind: "refused",
    scope,
    status: 400,
    code: 100,
    subcode: 2_804_050,
    fbtraceId: "R1",
    message: "too little customer data",
    waitMs: null,
    ...differing,
  };
  return answer;
}

/** Every kind of answer, for batches of one and of three, at the first try and at the last. */
const first = 0;
const last = 2;

describe("accepted", () => {
  test.each([
    [1, first],
    [3, first],
    [3, last],
  ])("%i sales, try %i: settled, and the lane goes on", (count, tries) => {
    expect(consequence(accepted, batch(count, tries))).toEqual({
      answer: "accepted",
      blame: null,
      because: "Meta received it",
      again: [],
      pauseMs: 0,
      stop: null,
    });
  });
});

describe("no connection", () => {
  test.each([1, 3])("%i sales: the same batch again, after pauses that double", (count) => {
    const pauses = [0, 1].map((tries) => consequence(unreached, batch(count, tries)).pauseMs);
    expect(pauses).toEqual([1_000, 2_000]);
    expect(again(unreached, batch(count))).toEqual([{ ids: ids(batch(count)), tries: 1 }]);
    expect(consequence(unreached, batch(count))).toMatchObject({ answer: "not-sent", stop: null });
  });

  test.each([1, 3])("%i sales, last try: not sent, and the pixel's other sales are not tried", (count) => {
    const because = "no connection to Meta was made: connection refused";
    expect(consequence(unreached, batch(count, last))).toEqual({
      answer: "not-sent",
      blame: "network",
      because,
      again: [],
      pauseMs: 0,
      stop: because,
    });
  });
});

describe("no certain answer", () => {
  test.each([1, 3])("%i sales: unconfirmed, and the identical batch again", (count) => {
    expect(consequence(lost, batch(count, 1))).toMatchObject({
      answer: "unconfirmed",
      blame: "network",
      because: "no certain answer: no answer",
      pauseMs: 2_000,
      stop: null,
    });
    expect(again(lost, batch(count, 1))).toEqual([{ ids: ids(batch(count)), tries: 2 }]);
  });

  test.each([1, 3])("%i sales, last try: left unconfirmed, and the lane goes on", (count) => {
    expect(consequence(lost, batch(count, last))).toMatchObject({
      answer: "unconfirmed",
      blame: "network",
      again: [],
      pauseMs: 0,
      stop: null,
    });
  });

  test.each([first, last])(
    "too few events received, try %i: each sale alone, from its first try on",
    (tries) => {
      expect(again(short, batch(3, tries))).toEqual([1, 2, 3].map((id) => ({ ids: [id], tries: 0 })));
      expect(consequence(short, batch(3, tries)).answer).toBe("unconfirmed");
    },
  );

  test("a single sale that came back short is repeated like any lost answer", () => {
    expect(again(short, batch(1))).toEqual([{ ids: [1], tries: 1 }]);
    expect(again(short, batch(1, last))).toEqual([]);
  });
});

describe("refused", () => {
  describe.each(["credentials", "policy"] as const)("for %s", (scope) => {
    test.each([
      [1, first],
      [3, first],
      [3, last],
    ])(
      "%i sales, try %i: not sent, not repeated, and the pixel's other sales are not tried",
      (count, tries) => {
        const because = "Meta refused: 190 token expired";
        const answer = refused(scope, { code: 190, subcode: null, message: "token expired" });
        expect(consequence(answer, batch(count, tries))).toEqual({
          answer: "not-sent",
          blame: "pixel",
          because,
          again: [],
          pauseMs: 0,
          stop: because,
        });
      },
    );
  });

  describe("for the rate", () => {
    const limited = (waitMs: number | null) => refused("rate", { code: 4, subcode: null, waitMs });

    test.each([
      [1, first],
      [3, first],
      [3, 5],
    ])("%i sales, try %i: not sent, and the same batch again, however often", (count, tries) => {
      expect(again(limited(120_000), batch(count, tries))).toEqual([
        { ids: ids(batch(count)), tries: tries + 1 },
      ]);
      expect(consequence(limited(120_000), batch(count, tries))).toMatchObject({
        answer: "not-sent",
        blame: "pixel",
        pauseMs: 120_000,
        stop: null,
      });
    });

    test("without a word on how long, a minute, then two, then four", () => {
      expect([0, 1, 2].map((tries) => consequence(limited(null), batch(1, tries)).pauseMs)).toEqual([
        60_000, 120_000, 240_000,
      ]);
    });
  });

  describe("for a passing fault of Meta's", () => {
    const passing = (waitMs: number | null = null) =>
      refused("transient", { code: 2, subcode: null, waitMs });

    test.each([1, 3])("%i sales: not sent, and the same batch again", (count) => {
      expect(again(passing(), batch(count, 1))).toEqual([{ ids: ids(batch(count)), tries: 2 }]);
      expect(consequence(passing(), batch(count, 1))).toMatchObject({ answer: "not-sent", pauseMs: 2_000 });
      expect(consequence(passing(90_000), batch(count)).pauseMs).toBe(90_000);
    });

    test.each([1, 3])("%i sales, last try: not sent, and the lane goes on", (count) => {
      expect(consequence(passing(), batch(count, last))).toMatchObject({
        answer: "not-sent",
        blame: "network",
        again: [],
        stop: null,
      });
    });
  });

  describe.each(["event", "request"] as const)("for an unknown offender (%s)", (scope) => {
    test.each([
      [2, [[1], [2]]],
      [3, [[1, 2], [3]]],
      [
        5,
        [
          [1, 2, 3],
          [4, 5],
        ],
      ],
    ])("%i sales are halved, at any try, without a pause", (count, halves) => {
      for (const tries of [first, last]) {
        expect(again(refused(scope), batch(count, tries))).toEqual(
          halves.map((half) => ({ ids: half, tries: 0 })),
        );
        expect(consequence(refused(scope), batch(count, tries))).toMatchObject({
          answer: "not-sent",
          blame: null,
          pauseMs: 0,
          stop: null,
        });
      }
    });
  });

  test.each([first, last])("a single sale about which the answer is, try %i: refused", (tries) => {
    expect(consequence(refused("event"), batch(1, tries))).toEqual({
      answer: "refused",
      blame: "sale",
      because: "Meta refused: 100/2804050 too little customer data",
      again: [],
      pauseMs: 0,
      stop: null,
    });
  });

  test.each([first, last])("a single sale and any other 4xx, try %i: not sent", (tries) => {
    expect(consequence(refused("request"), batch(1, tries))).toMatchObject({
      answer: "not-sent",
      blame: "sale",
      again: [],
    });
  });

  test("halving ends at the offender: everybody else gets through", () => {
    const offender = 6;
    const settled = new Map<number, string>();
    const queue = [batch(9)];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const bad = ids(next).includes(offender);
      const follows = consequence(bad ? refused("event") : accepted, next);
      for (const id of ids(next)) settled.set(id, follows.answer);
      queue.unshift(...follows.again);
    }
    expect([...settled].filter(([, answer]) => answer !== "accepted")).toEqual([[offender, "refused"]]);
    expect(settled.size).toBe(9);
  });
});

test("a refusal's code is the subcode's too, and the status where Meta gave none", () => {
  const code = (differing: Parameters<typeof refused>[1]) => {
    const answer = refused("event", differing);
    return answer.kind === "refused" ? refusalCode(answer) : "";
  };
  expect(code({})).toBe("100/2804050");
  expect(code({ subcode: null })).toBe("100");
  expect(code({ code: null, subcode: null, status: 404 })).toBe("HTTP 404");
});

test("a lane is cut into requests of at most a thousand, in its order", () => {
  const sales = plannedSales(2 * BATCH + 1);
  expect(BATCH).toBe(1000);
  expect(batches(sales).map((cut) => [cut.sales.length, cut.tries])).toEqual([
    [1000, 0],
    [1000, 0],
    [1, 0],
  ]);
  expect(batches(sales).flatMap((cut) => cut.sales)).toEqual(sales);
  expect(batches([])).toEqual([]);
});

describe("the breaker", () => {
  const told = (breaker: Breaker, answer: GraphAnswer, of: Batch) =>
    breaker.notice(answer, of, consequence(answer, of));
  const one = batch(1);
  const refusals = (breaker: Breaker, count: number, answer: GraphAnswer = refused("event")) =>
    Array.from({ length: count }, () => told(breaker, answer, one));

  test("stops a pixel at the tenth equal refusal of a single sale in a row, not at the ninth", () => {
    const words = refusals(new Breaker(), 10);
    expect(words.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => null));
    expect(words[9]).toBe("10 sales in a row were refused with 100/2804050");
  });

  test("an acceptance between begins the count anew", () => {
    const breaker = new Breaker();
    refusals(breaker, 9);
    told(breaker, accepted, one);
    expect(refusals(breaker, 9)).not.toContainEqual(expect.any(String));
    expect(refusals(breaker, 1)).toEqual([expect.stringContaining("10 sales")]);
  });

  test("another code begins the count anew", () => {
    const breaker = new Breaker();
    refusals(breaker, 9);
    expect(refusals(breaker, 9, refused("event", { subcode: 2_804_001 }))).not.toContainEqual(
      expect.any(String),
    );
  });

  test("refusals of whole batches, on the way to the offender, do not count", () => {
    const breaker = new Breaker();
    for (let time = 0; time < 20; time += 1) expect(told(breaker, refused("event"), batch(2))).toBeNull();
  });

  test("stops a pixel after two requests in a row whose answers stayed lost", () => {
    const breaker = new Breaker();
    const end = batch(3, last);
    expect(told(breaker, lost, end)).toBeNull();
    expect(told(breaker, lost, end)).toBe("2 requests in a row stayed without a certain answer");
  });

  test("an answer that is lost at first, and will be asked for again, does not count", () => {
    const breaker = new Breaker();
    for (const tries of [0, 1]) expect(told(breaker, lost, batch(3, tries))).toBeNull();
    expect(told(breaker, lost, batch(3, last))).toBeNull();
  });

  test.each([
    ["an acceptance", accepted],
    ["a refusal", refused("event")],
  ])("%s between two lost answers begins the count anew", (_, between) => {
    const breaker = new Breaker();
    told(breaker, lost, batch(1, last));
    told(breaker, between, one);
    expect(told(breaker, lost, batch(1, last))).toBeNull();
  });
});

describe("what the journal is told of an answer", () => {
  const notes = [1, 2].map((saleId) => ({
    claim: { saleId, attempt: `a${saleId}`, flaggedAt: null },
    revert: saleId === 2,
  }));
  const told = (answer: GraphAnswer, settled: "accepted" | "refused" | "unconfirmed" | "not-sent") =>
    settlements(notes, answer, {
      answer: settled,
      blame: settled === "refused" ? "sale" : null,
      because: "so",
    });

  test("every attempt of the request, each with its own revert", () => {
    expect(told(refused("event"), "refused")).toEqual([
      {
        attempt: "a1",
        answer: "refused",
        blame: "sale",
        revert: false,
        status: 400,
        code: 100,
        subcode: 2_804_050,
        fbtraceId: "R1",
        because: "so",
      },
      expect.objectContaining({ attempt: "a2", revert: true }),
    ]);
  });

  test.each([
    ["an acceptance", accepted, { status: 200, code: null, subcode: null, fbtraceId: "A1" }],
    ["too few events", { ...short, fbtraceId: "S1" }, { status: 200, code: null, fbtraceId: "S1" }],
    ["a lost answer", lost, { status: null, code: null, fbtraceId: null }],
    ["no connection", unreached, { status: null, code: null, fbtraceId: null }],
  ] as const)("%s: what is known of it", (_, answer, known) => {
    for (const settlement of told(answer, "unconfirmed")) expect(settlement).toMatchObject(known);
  });
});
