import { beforeEach, describe, expect, test } from "vitest";
import { LEASE_MS, underLease } from "../../src/acting/run.js";
import { KnownError } from "../../src/errors.js";
import { LeaseLost } from "../../src/ports.js";
import type { Holder, Lease, Runs } from "../../src/ports.js";
import type { World } from "../cast/doubles.js";
import { openWorld } from "../cast/doubles.js";

let world: World;

beforeEach(() => {
  world = openWorld();
});

const done = (result: string) => async () => await Promise.resolve({ result, summary: { result } });

/** One run: its own record, unless told otherwise waiting for nobody. */
function run<T>(
  work: (lease: Lease) => Promise<{ result: T; summary: object }>,
  {
    waitMs = 0,
    runs,
    waiting = () => undefined,
  }: { waitMs?: number; runs?: Partial<Runs>; waiting?: (holder: Holder) => void } = {},
): Promise<T> {
  const ctx = world.context();
  const ports = { runs: { ...ctx.runs, ...runs }, clock: world.clock };
  return underLease(ports, { record: ctx.record, waitMs, stop: world.stop.signal, waiting }, work);
}

const problemOf = async (work: Promise<unknown>): Promise<KnownError> => {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof KnownError))
    throw new Error(`not a known error: ${String(error)}`, { cause: error });
  return error;
};

test("the work is done under the lease, which is free afterwards; its summary is on record", async () => {
  let held = false;
  const result = await run(async (lease) => {
    held = world.shop.lease?.run === lease.run && world.shop.lease.expiresAt > world.clock.now();
    return await done("sent")();
  });
  expect(result).toBe("sent");
  expect(held).toBe(true);
  expect(world.shop.lease?.expiresAt).toBeLessThanOrEqual(world.clock.now());
  expect(world.shop.runs).toMatchObject([{ id: "run-1", command: "resend", summary: { result: "sent" } }]);
});

test("it is renewed for as long as the work lasts, and no longer", async () => {
  let renewals = 0;
  const { renew } = world.context().runs;
  const counting = (...args: Parameters<Runs["renew"]>) => {
    renewals += 1;
    return renew(...args);
  };
  await run(
    async (lease) => {
      for (let at = 0; at < 10; at += 1) {
        await world.clock.sleep(LEASE_MS);
        world.shop.hold(lease);
      }
      return await done("long")();
    },
    { runs: { renew: counting } },
  );
  expect(renewals).toBeGreaterThanOrEqual(20);
  const after = renewals;
  await world.clock.sleep(10 * LEASE_MS);
  expect(renewals).toBe(after);
});

describe("another run holds the lock", () => {
  const hold = async (ms: number) => {
    const ctx = world.context("revert");
    await ctx.runs.acquire(ctx.record, ms);
  };

  test("without waiting: exit 75, saying who, where, since when and until when", async () => {
    await hold(LEASE_MS);
    const error = await problemOf(run(done("never")));
    expect(error.exitCode).toBe(75);
    expect(error.problem.what).toBe("Another run holds the lock: revert (run run-1)");
    expect(error.problem.why).toMatch(/started 2025-11-20T14:59:59.000Z by ana on web-1, process 4711/);
    expect(error.problem.next).toContain("--wait SECONDS");
    expect(error.problem.next).toContain("2025-11-20T15:01:00.000Z");
    expect(world.shop.runs).toHaveLength(1);
  });

  test("waiting: told once who holds it, and begun as soon as that one is gone", async () => {
    await hold(5_500);
    const start = world.clock.now();
    const told: string[] = [];
    const waiting = ({ run: id }: Holder) => void told.push(id);
    expect(await run(done("at last"), { waitMs: 30_000, waiting })).toBe("at last");
    expect(told).toEqual(["run-1"]);
    expect(world.clock.now() - start).toBe(6_000);
  });

  test("waiting in vain: 75, after the time it was given", async () => {
    await hold(60_000);
    const start = world.clock.now();
    expect((await problemOf(run(done("never"), { waitMs: 10_500 }))).exitCode).toBe(75);
    expect(world.clock.now() - start).toBe(10_500);
  });

  test("a signal ends the waiting", async () => {
    await hold(60_000);
    const start = world.clock.now();
    world.clock.at(start + 2_500, () => world.stop.abort());
    expect((await problemOf(run(done("never"), { waitMs: 30_000 }))).exitCode).toBe(75);
    expect(world.clock.now() - start).toBe(2_500);
  });
});

describe("work that fails", () => {
  test("gives the lease back, and its own error goes on", async () => {
    const failure = new Error("the disk is full");
    await expect(run(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(world.shop.lease?.expiresAt).toBeLessThanOrEqual(world.clock.now());
    expect(world.shop.runs).toMatchObject([{ summary: { failed: true } }]);
  });

  test("because the lease was lost: exit 2, where to look, and the successor keeps its lease", async () => {
    const error = await problemOf(
      run(async (lease) => {
        if (world.shop.lease)
          Object.assign(world.shop.lease, { token: 99, run: "other", expiresAt: Infinity });
        world.shop.hold(lease);
        return await done("never")();
      }),
    );
    expect(error.exitCode).toBe(2);
    expect(error.problem.next).toContain("purchase-fix journal --run run-1 --unsettled");
    expect(world.shop.lease).toMatchObject({ run: "other", expiresAt: Infinity });
  });

  test("a renewal or a release that fails does not fail the work", async () => {
    const broken = () => Promise.reject(new Error("connection lost"));
    const result = await run(
      async () => {
        await world.clock.sleep(30_000);
        return await done("sent")();
      },
      { runs: { renew: broken, release: broken } },
    );
    expect(result).toBe("sent");
  });

  test("nothing is begun where the journal cannot be prepared", async () => {
    const prepare = () => Promise.reject(new KnownError({ what: "no right to create it" }));
    expect((await problemOf(run(done("never"), { runs: { prepare } }))).problem.what).toBe(
      "no right to create it",
    );
    expect(world.shop.runs).toEqual([]);
  });
});

test("a run that stood still for longer than its lease writes nothing more", async () => {
  const id = world.shop.insert();
  const { attempts } = world.context();
  const error = await problemOf(
    run(async (lease) => {
      world.clock.pass(LEASE_MS + 1);
      const { mark } = world.shop.read(id);
      const guard = { saleId: id, mark, lastAttempt: null };
      return { result: await attempts.revert(lease, [guard]), summary: {} };
    }),
  );
  expect(error.message).toContain("The run lock was lost");
  expect(error.cause ?? new LeaseLost()).toBeInstanceOf(LeaseLost);
  expect(world.shop.read(id).flagged).toBe(true);
});
