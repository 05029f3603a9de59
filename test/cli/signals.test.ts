import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { start } from "../cast/binary.js";
import { test } from "./fixtures.js";
import type { Shop } from "./fixtures.js";

const settling = "interrupted: what is in flight is settled first";

describe.concurrent("the run lock", () => {
  test("keeps a second run out with 75, which says who holds it, where and since when", async ({
    shop,
    gate,
  }) => {
    const [sale, other] = [await shop.sale(), await shop.sale()];
    const first = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    const second = await shop.run(`resend --id ${other}`);
    gate.open();
    expect(second.stderr.split("\n")).toEqual([
      expect.stringMatching(/^error: Another run holds the lock: resend \(run [0-9a-f]{12}\)$/),
      expect.stringMatching(/^ {2}why: started \d{4}-.*Z by \S+ on \S+, process \d+$/),
      expect.stringMatching(
        /^ {2}next: wait for it \(--wait SECONDS\); a dead run's lock ends by itself at /,
      ),
      "",
    ]);
    expect(second).toMatchObject({ code: 75, stdout: "" });
    expect((await first.ended).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [other]: "stuck" });
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });

  test("is waited for with --wait, and does not hinder a command that only looks", async ({ shop, gate }) => {
    const [sale, other] = [await shop.sale(), await shop.sale()];
    const first = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    const second = shop.start(`resend --id ${other} --wait 20s`);
    const [looked, planned] = await Promise.all([
      shop.run("find-stuck"),
      shop.run("resend --hours 24 --dry-run"),
    ]);
    expect([looked.code, planned.code]).toEqual([0, 0]);
    await second.said("waiting for run");
    gate.open();
    const waited = await second.ended;
    expect(waited.stderr).toMatch(/^waiting for run [0-9a-f]{12} on \S+ \(resend\)\n/);
    expect([(await first.ended).code, waited.code]).toEqual([0, 0]);
    expect(await shop.counted()).toEqual([`pageview_${sale}`, `pageview_${other}`]);
  });

  test("of a dead run ends by itself; what it left open is settled under the identical id", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "stored-no-answer" });
    const dead = shop.start(`resend --id ${sale}`);
    await shop.requests(1);
    dead.kill("SIGQUIT");
    await dead.ended;
    expect((await shop.run(`resend --id ${sale}`)).code).toBe(75);
    await shop.db.query("update purchase_fix.lease set expires_at = clock_timestamp()");
    expect((await shop.run(`resend --id ${sale}`)).code).toBe(0);
    expect(await shop.attempts()).toMatchObject([
      { sale, answer: "unconfirmed", effect: "kept", eventId: `pageview_${sale}` },
      { sale, answer: "accepted", effect: "confirmed", eventId: `pageview_${sale}` },
    ]);
    expect(await shop.ledger()).toHaveLength(2);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });
});

describe.concurrent("a signal to resend", () => {
  test("lets what is in flight be answered and settled, and leaves the rest, which it names", async ({
    shop,
    gate,
  }) => {
    const sales = await shop.manySales(1003);
    const running = shop.start("resend --hours 24 --yes --json", gate);
    await gate.arrived;
    running.kill("SIGINT");
    await running.said(settling);
    gate.open();
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    const told = JSON.parse(stdout) as { outcomes: unknown[]; left: { id: number; because: string }[] };
    expect(told.outcomes).toHaveLength(1000);
    expect(told.left).toMatchObject(
      sales.slice(1000).map((id) => ({ id, because: "not reached: interrupted" })),
    );
    const states = await shop.states();
    expect(sales.filter((id) => states[id] === "stuck")).toEqual(sales.slice(1000));
    expect(await shop.counted()).toHaveLength(1000);
    expect(await shop.requests()).toHaveLength(1);
    expect((await shop.attempts())?.filter(({ settled }) => !settled)).toEqual([]);

    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    expect(new Set(await shop.counted()).size).toBe(1003);
    expect(await shop.ledger()).toHaveLength(1003);
  });

  test("ends with 143 where it was SIGTERM, and the lock is free", async ({ shop, gate }) => {
    const sale = await shop.sale();
    const running = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    running.kill("SIGTERM");
    await running.said(settling);
    gate.open();
    expect((await running.ended).code).toBe(143);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    const other = await shop.sale();
    expect((await shop.run(`resend --id ${other}`)).code).toBe(0);
  });

  test("leaves at once the second time; the attempt stays unsettled in the journal", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "no-answer" });
    const running = shop.start(`resend --id ${sale}`);
    await shop.requests(1);
    running.kill("SIGINT");
    await running.said(settling);
    running.kill("SIGINT");
    const { code, signal } = await running.ended;
    expect([code, signal]).toEqual([null, "SIGINT"]);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(await shop.attempts()).toMatchObject([
      { sale, eventId: `pageview_${sale}`, answer: null, effect: null, settled: false },
    ]);
    expect((await shop.run("find-stuck")).stdout).toContain("\tunsettled\t");
  });

  test("gives an answer that never comes up after ten seconds: unconfirmed, and kept", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "no-answer" });
    const running = shop.start(`resend --id ${sale}`);
    await shop.requests(1);
    running.kill("SIGTERM");
    const { code, stdout } = await running.ended;
    expect(stdout).toContain("unconfirmed, kept");
    expect(code).toBe(143);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(await shop.attempts()).toMatchObject([{ sale, answer: "unconfirmed", settled: true }]);
  });

  test("ends a pause between two tries", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "rate", minutes: 5 });
    const running = shop.start(`resend --id ${sale}`);
    await running.said("waiting 5m: ");
    running.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(stdout).toContain("not-sent, kept");
    expect(code).toBe(130);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(await shop.requests()).toHaveLength(1);
  });

  test("ends the waiting for another run", async ({ shop, gate }) => {
    const [sale, other] = [await shop.sale(), await shop.sale()];
    const first = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    const second = shop.start(`resend --id ${other} --wait 20s`);
    await second.said("waiting for run");
    second.kill("SIGINT");
    const { code, stdout } = await second.ended;
    expect([code, stdout]).toEqual([130, ""]);
    gate.open();
    expect((await first.ended).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [other]: "stuck" });
  });

  test("ends the reading of names from a pipe that stays open", async ({ shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    const running = shop.start("resend --id -", { keepsInput: true });
    // More than any pipe holds: once it is written, somebody reads.
    await running.type("9445,".repeat(400_000));
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout, stderr]).toEqual([130, "", ""]);
    expect(await shop.snapshot()).toEqual(before);
  });
});

describe.concurrent("a signal to a command that only looks", () => {
  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends it with nothing on stdout: %s", async ([signal, expected], { shop }) => {
    await shop.sale();
    const release = await lockPayments(shop);
    const running = shop.start("find-stuck");
    await release.whenWaitedFor;
    running.kill(signal);
    const { code, stdout } = await running.ended;
    await release();
    expect([code, stdout]).toEqual([expected, ""]);
  });
});

/** Keeps everybody from reading sales until it is called. */
async function lockPayments({ db }: Shop): Promise<(() => Promise<void>) & { whenWaitedFor: Promise<void> }> {
  await db.query("begin");
  await db.query("lock table payments in access exclusive mode");
  const release = async () => void (await db.query("commit"));
  return Object.assign(release, { whenWaitedFor: waitedFor() });

  async function waitedFor(): Promise<void> {
    for (;;) {
      // pg_locks, because pg_stat_activity stays as first seen within a transaction.
      const [row] = await db.query<{ count: number }>(
        `select count(*)::integer as count from pg_locks l join pg_database d on d.oid = l.database
         where d.datname = current_database() and l.relation = 'payments'::regclass and not l.granted`,
      );
      if (row !== undefined && row.count > 0) return;
      await sleep(10);
    }
  }
}

test("start hands over a program that can be waited for", async () => {
  expect((await start(["--version"]).ended).code).toBe(0);
});
