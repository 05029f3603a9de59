import { beforeEach, describe, expect, test } from "vitest";
import { perform } from "../../src/acting/perform.js";
import { revert } from "../../src/commands/revert.js";
import { resend } from "../../src/commands/resend.js";
import { KnownError, exitCode } from "../../src/errors.js";
import type { World } from "../cast/doubles.js";
import { lost, openWorld, options, refused } from "../cast/doubles.js";

const minute = 60_000;

let world: World;

beforeEach(() => {
  world = openWorld();
});

const named = (...ids: readonly number[]) => ({
  selection: { by: "name" as const, references: ids.map(String) },
  wishes: { named: true },
});
const problemOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KnownError)) throw new Error(`expected a known error, got ${String(error)}`);
  return { ...error.problem, exit: error.exitCode };
};
const untouched = () => {
  expect(world.graph.requests).toEqual([]);
  expect(world.shop.journal).toEqual([]);
  expect(world.shop.lease).toBeNull();
};

describe("a dry run", () => {
  test("prints the plan, takes no lease, writes nothing and sends nothing", async () => {
    const sale = world.shop.insert();
    expect(await resend(world.context(), options({ dryRun: true, yes: false }))).toBe(exitCode.ok);
    untouched();
    expect(world.output.documents).toMatchObject([
      {
        command: "resend",
        run: null,
        dryRun: true,
        planned: [{ id: sale, eventId: "pageview_1" }],
        outcomes: [],
      },
    ]);
  });

  test("answers with its exit code only where that is asked for", async () => {
    world.shop.insert({ pageviewEventId: null });
    expect(await resend(world.context(), options({ dryRun: true }))).toBe(exitCode.ok);
    expect(await resend(world.context(), options({ dryRun: true, exitCode: true }))).toBe(exitCode.attention);
    untouched();
  });
});

describe("consent", () => {
  test("a window that nobody can be asked about needs --yes", async () => {
    world.shop.insert();
    const problem = await problemOf(resend(world.context(), options({ yes: false })));
    expect(problem).toMatchObject({ exit: 2, next: expect.stringContaining("--yes") });
    untouched();
  });

  test("the question names number, money, database, Graph host and pixel; no is no", async () => {
    world.shop.insert();
    world.output.canAsk = true;
    expect(await resend(world.context(), options({ yes: false }))).toBe(exitCode.attention);
    const [question] = world.output.questions;
    for (const part of ["resend 1 sale", "BRL", "db:5432/shop as app", "graph.example", "pixel 1001"])
      expect(question).toContain(part);
    untouched();
  });

  test("yes acts, once; naming asks nobody", async () => {
    const [first, second] = [world.shop.insert(), world.shop.insert()];
    world.output.canAsk = true;
    await resend(world.context(), options({ yes: false, ...named(second) }));
    expect(world.output.questions).toEqual([]);
    expect(world.shop.read(first).metaEventId).toBeNull();
    world.output.consent = true;
    expect(await resend(world.context(), options({ yes: false }))).toBe(exitCode.ok);
    expect(world.output.questions).toHaveLength(1);
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([[second], [first]]);
  });
});

describe("how a run ends", () => {
  test("0 where every sale ended well; nothing left to do is 0 as well", async () => {
    world.shop.insert();
    expect(await resend(world.context(), options())).toBe(exitCode.ok);
    expect(await resend(world.context(), options())).toBe(exitCode.ok);
    expect(world.graph.requests).toHaveLength(1);
  });

  test("1 where an answer was lost, and the row is kept", async () => {
    const sale = world.shop.insert();
    world.graph.script = () => lost(0);
    expect(await resend(world.context(), options())).toBe(exitCode.attention);
    expect(world.shop.read(sale)).toMatchObject({ flagged: true, metaEventId: null });
  });

  test("1 where something that was left needs a person, though all that was sent arrived", async () => {
    const good = world.shop.insert();
    const unknown = world.shop.insert({ pageviewEventId: null });
    expect(await resend(world.context(), options())).toBe(exitCode.attention);
    expect(world.shop.read(good).metaEventId).toBe("pageview_1");
    expect(world.shop.read(unknown).metaEventId).toBeNull();
  });

  test("1 where a named sale is not stuck, which is told", async () => {
    const sale = world.shop.insert({ metaEventId: "pageview_9" });
    expect(await resend(world.context(), options(named(sale)))).toBe(exitCode.attention);
    expect(world.output.documents[0]).toMatchObject({
      left: [{ id: sale, because: expect.stringContaining("confirmed") }],
    });
    untouched();
  });

  test("2 where a name is nobody's: then nobody is acted on", async () => {
    const sale = world.shop.insert();
    const problem = await problemOf(resend(world.context(), options(named(sale, 999))));
    expect(problem).toMatchObject({ exit: 2, what: expect.stringContaining("999") });
    untouched();
  });

  test("2 where this invocation lacks the key, before anything happens", async () => {
    world.shop.insert();
    const lacking = { ...world.context().shipping, lacking: () => ({ what: "no key", next: "set it" }) };
    const problem = await problemOf(resend({ ...world.context(), shipping: lacking }, options()));
    expect(problem).toMatchObject({ exit: 2, what: "Cannot send: no key" });
    untouched();
  });

  test("1 where the witness reads something else, and both sides are told", async () => {
    world.shop.insert();
    const witness = { check: () => Promise.resolve(["sale 1: we wrote this, the witness reads that"]) };
    expect(await resend({ ...world.context(), witness }, options())).toBe(exitCode.attention);
    expect(world.output.warned).toEqual([expect.stringContaining("the witness reads that")]);
  });

  test("a witness that cannot look is told too, and is no reason to hide the outcomes", async () => {
    world.shop.insert();
    const witness = { check: () => Promise.reject(new Error("no connection")) };
    expect(await resend({ ...world.context(), witness }, options())).toBe(exitCode.attention);
    expect(world.output.documents[0]).toMatchObject({
      outcomes: [{ answer: "accepted", effect: "confirmed" }],
    });
  });
});

describe("the run lock", () => {
  test("held by another run: 75, with who, where and since when; nothing is touched", async () => {
    const sale = world.shop.insert();
    const other = world.context("revert");
    await other.runs.acquire(other.record, 10 * minute);
    const problem = await problemOf(resend(world.context(), options()));
    expect(problem).toMatchObject({ exit: 75, what: expect.stringContaining("revert") });
    expect(problem.why).toContain("ana on web-1, process 4711");
    expect(world.graph.requests).toEqual([]);
    expect(world.shop.read(sale).metaEventId).toBeNull();
  });

  test("is waited for as long as asked, said once, and then taken", async () => {
    world.shop.insert();
    const other = world.context("revert");
    await other.runs.acquire(other.record, 5_000);
    expect(await resend(world.context(), options({ waitMs: minute }))).toBe(exitCode.ok);
    expect(world.output.said.filter((line) => line.includes("waiting for run"))).toHaveLength(1);
  });

  test("is renewed while a request takes long, and given up at the end", async () => {
    world.shop.insert();
    world.graph.latencyMs = 5 * minute;
    expect(await resend(world.context(), options({ maxRuntimeMs: 60 * minute }))).toBe(exitCode.ok);
    expect(world.shop.lease?.expiresAt).toBeLessThanOrEqual(world.clock.now());
  });

  test("lost in the middle: the run ends with 2, and settles nothing that is another's now", async () => {
    const sale = world.shop.insert();
    world.graph.script = ({ sales }) => {
      world.shop.lease = { run: "another", token: 99, expiresAt: Infinity };
      return { answer: { kind: "accepted", received: sales.length, fbtraceId: null } };
    };
    const problem = await problemOf(resend(world.context(), options()));
    expect(problem).toMatchObject({ exit: 2, next: expect.stringContaining("--unsettled") });
    expect(world.shop.read(sale)).toMatchObject({ metaEventId: null, flagged: true });
    expect(world.shop.entriesOf(sale)).toMatchObject([{ answer: null, settledAt: null }]);
    expect(world.shop.lease).toMatchObject({ run: "another" });
  });

  test("a failure of the work is what is told, and the lock is given up all the same", async () => {
    world.shop.insert();
    const broken = () => Promise.reject(new Error("a defect"));
    await expect(perform(world.context(), "resend", options(), broken)).rejects.toThrow("a defect");
    expect(world.shop.lease?.expiresAt).toBeLessThanOrEqual(world.clock.now());
  });
});

describe("revert", () => {
  test("of a window leaves what Meta may have; named, it gives the sale back, and only that one", async () => {
    const [first, second] = [world.shop.insert(), world.shop.insert()];
    await revert(world.context("revert"), options());
    expect(world.shop.journal).toEqual([]);
    expect(await revert(world.context("revert"), options(named(first)))).toBe(exitCode.ok);
    expect(world.shop.read(first)).toMatchObject({ flagged: false, flaggedAt: null });
    expect(world.shop.read(second).flagged).toBe(true);
    expect(world.graph.requests).toEqual([]);
  });

  test("a sale whose own attempt has no answer is never given back, named or not", async () => {
    const sale = world.shop.insert();
    world.graph.script = () => lost(1);
    await resend(world.context(), options());
    expect(await revert(world.context("revert"), options(named(sale)))).toBe(exitCode.attention);
    expect(world.shop.read(sale).flagged).toBe(true);
  });

  test("what was given back is taken again by resend, and given back once more where Meta refuses it", async () => {
    const sale = world.shop.insert();
    await revert(world.context("revert"), options(named(sale)));
    world.graph.script = () => refused("event", { subcode: 2804050 });
    expect(await resend(world.context(), options(named(sale)))).toBe(exitCode.attention);
    expect(world.shop.read(sale)).toMatchObject({ flagged: false, metaEventId: null });
    world.graph.script = ({ sales }) => ({
      answer: { kind: "accepted", received: sales.length, fbtraceId: null },
    });
    expect(await resend(world.context(), options(named(sale)))).toBe(exitCode.ok);
    expect(world.shop.read(sale)).toMatchObject({ flagged: true, metaEventId: "pageview_1" });
  });
});
