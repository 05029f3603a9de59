import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameOf, pointsOf, spread } from "../../prove/points.js";
import type { Step } from "../../prove/wire-proxy.js";
import { Messages, sqlOf } from "../../prove/wire.js";

const typed = (type: string, body: string) => {
  const bytes = Buffer.concat([Buffer.from(type), Buffer.alloc(4), Buffer.from(body)]);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
};

describe("messages of PostgreSQL's protocol", () => {
  test("are the same however the network cuts them", () => {
    const said = [typed("Q", "begin\0"), typed("P", "\0select 1\0\0\0"), typed("S", "")];
    const start = Buffer.concat([Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])]);
    const stream = Buffer.concat([start, ...said]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 8 }), (places) => {
        const cuts = [0, ...places.toSorted((a, b) => a - b), stream.length];
        const messages = new Messages("client");
        const seen = cuts.flatMap((from, at) => [
          ...messages.of(stream.subarray(from, cuts[at + 1] ?? from)),
        ]);
        expect(seen.map(({ type }) => type)).toEqual(["startup", "Q", "P", "S"]);
        expect(seen.map(sqlOf)).toEqual([null, "begin", "select 1", null]);
      }),
    );
  });
});

describe("the points of a run", () => {
  const step = (n: number, kind: Step["kind"], writes: boolean): Step => ({ n, kind, writes });
  const steps = [
    step(1, "begin", false),
    step(2, "statement", false),
    step(3, "commit", false),
    step(4, "begin", true),
    step(5, "statement", true),
    step(6, "commit", true),
    step(7, "begin", false),
    step(8, "statement", false),
  ];

  test("are every step that may write, three at its commit, one of each transaction that reads, six of a request", () => {
    const names = pointsOf(steps, 1).map(nameOf).join(" ");
    expect(names).toBe(
      "before@1 before@4 before@5 before@6 after@6 swallowed@6 before@7 " +
        "half-asked@1 unanswered@1 half-reset@1 unstored@1 half@1 unread@1",
    );
  });

  test("are thinned evenly, and keep requests to Meta among them", () => {
    expect(spread(pointsOf(steps, 1), 4).map(nameOf)).toEqual([
      "before@1",
      "before@6",
      "half-asked@1",
      "unanswered@1",
    ]);
    expect(spread(pointsOf(steps, 1), Infinity)).toHaveLength(13);
  });

  test("have every phase of a request among them, however many requests there are", () => {
    const phases = (most: number) =>
      spread(pointsOf(steps, 9), most).filter((point) => point.with === "graph");
    expect(phases(12).map(nameOf)).toEqual(
      ["half-asked", "unanswered", "half-reset", "unstored", "half", "unread"].map((phase) => `${phase}@1`),
    );
    expect(phases(24).map(nameOf)).toHaveLength(12);
    expect(new Set(phases(24).map(nameOf)).size).toBe(12);
    expect(spread(pointsOf(steps, 9), 200)).toHaveLength(7 + 54);
  });
});
