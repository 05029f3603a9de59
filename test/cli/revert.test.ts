import { describe, expect } from "vitest";
import { test } from "./fixtures.js";

interface Document {
  readonly outcomes: readonly Record<string, unknown>[];
  readonly left: readonly Record<string, unknown>[];
}

describe.concurrent("revert", () => {
  test("by name clears flag and flag time, of that sale only, and sends nothing", async ({ shop }) => {
    const [sale, other] = [await shop.sale(), await shop.sale()];
    const untouched = (await shop.snapshot()).find((row) => row.startsWith(`(${other},`));
    const { code, stdout, stderr } = await shop.run(`revert --id ${sale}`);
    expect(await shop.states()).toEqual({ [sale]: "not flagged", [other]: "stuck" });
    expect(await shop.snapshot()).toContain(untouched);
    expect(stdout).toMatch(new RegExp(`^${sale}\\t.*\\treverted\\t\\tgiven back: the next visit`, "m"));
    expect(stderr).toMatch(/^run [0-9a-f]{12}: reverted 1 \(BRL 97\.00\)\n$/);
    expect(code).toBe(0);
    expect(await shop.requests()).toEqual([]);
  });

  test("writes no other column: updated_at stays", async ({ shop }) => {
    const sale = await shop.sale();
    const other = `to_jsonb(p) - 'meta_purchase_sent' - 'meta_purchase_sent_at'`;
    const rest = () => shop.db.query(`select ${other} as rest from payments p`);
    const before = await rest();
    expect((await shop.run(`revert --id ${sale}`)).code).toBe(0);
    expect(await rest()).toEqual(before);
  });

  test("of a window leaves what has no proof, and says which flag would allow it", async ({ shop }) => {
    const old = await shop.sale({ paidHoursAgo: 30 });
    const untraceable = await shop.sale({ paidHoursAgo: 60 });
    const before = await shop.snapshot();
    const { code, stdout } = await shop.run("revert --hours 100 --yes --json");
    const { outcomes, left } = JSON.parse(stdout) as Document;
    expect(outcomes).toEqual([]);
    expect(left).toMatchObject([
      { id: old, verdict: "ambiguous", wouldAllow: "--without-proof", needsPerson: false },
      { id: untraceable, verdict: "untraceable", wouldAllow: "--without-proof", needsPerson: true },
    ]);
    expect(code).toBe(1);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
  });

  test("of a window takes with --without-proof what no task can still send, and leaves the rest", async ({
    shop,
  }) => {
    const old = await shop.sale({ paidHoursAgo: 30 });
    const retrying = await shop.sale({ paidHoursAgo: 10 });
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const expired = await shop.sale({ paidHoursAgo: 24 * 8 });
    const confirmed = await shop.sale({ paidHoursAgo: 30, metaEventId: "pageview_before" });
    const { code, stdout } = await shop.run("revert --hours 500 --yes --without-proof");
    expect(await shop.states()).toEqual({
      [old]: "not flagged",
      [retrying]: "stuck",
      [young]: "stuck",
      [expired]: "stuck",
      [confirmed]: "confirmed as pageview_before",
    });
    expect(stdout).toContain(
      `its own task may retry for 17 h yet, and would then send it too (allowed by --id ${retrying})`,
    );
    expect(stdout).toContain(`(allowed by --id ${young})`);
    expect(stdout).toContain(`(allowed by --id ${expired})`);
    expect(code).toBe(1);
    const named = await shop.run(`revert --id ${retrying},${young},${expired}`);
    expect(named.code).toBe(0);
    expect(await shop.states()).toMatchObject({
      [retrying]: "not flagged",
      [young]: "not flagged",
      [expired]: "not flagged",
    });
  });

  test("needs --yes for a window, and a dry run changes nothing", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    const before = await shop.snapshot();
    const asked = await shop.run("revert --hours 48 --without-proof");
    expect(asked.stderr).toContain(`error: revert 1 sale (BRL 97.00) in `);
    expect(asked).toMatchObject({ code: 2, stdout: "" });
    const dry = await shop.run("revert --hours 48 --without-proof --yes --dry-run");
    expect(dry.stdout).toMatch(new RegExp(`^${sale}\\t.*\\twould revert\\t\\t`, "m"));
    expect(dry.code).toBe(0);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
  });

  test("leaves the attempt of ours that has no answer: it is settled first", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.fault({ fault: "no-answer", times: 3 });
    expect((await shop.run(`resend --id ${sale} --timeout 0.2s`)).code).toBe(1);
    const { code, stdout } = await shop.run(`revert --id ${sale}`);
    expect(stdout).toContain("our own attempt has no answer yet: settle it first with resend");
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("is remembered: the sale stays listed as reverted, and resend takes it back", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    const never = await shop.sale({ paidHoursAgo: 30, flagged: false });
    await shop.run(`revert --id ${sale}`);

    const found = JSON.parse((await shop.run("find-stuck --hours 48 --json")).stdout) as {
      sales: Record<string, unknown>[];
    };
    expect(found.sales).toMatchObject([
      {
        id: sale,
        state: "reverted",
        flaggedAt: null,
        because: expect.stringContaining("reverted, not sent again; "),
      },
    ]);

    expect((await shop.run("resend --hours 48 --yes")).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [never]: "not flagged" });
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
    expect((await shop.run("find-stuck --hours 48 --exit-code")).code).toBe(0);
  });

  test("is given up where the application flagged the sale again: it is stuck as before", async ({
    shop,
  }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    await shop.db.query("update payments set meta_purchase_sent = true, meta_purchase_sent_at = now()");
    const { stdout } = await shop.run("find-stuck --hours 48 --json");
    expect(JSON.parse(stdout)).toMatchObject({ sales: [{ id: sale, state: "stuck" }] });
  });
});

describe.concurrent("a sale that Meta accepted while its row moved", () => {
  test("is said to be overtaken, counts as delivered, and is confirmed by confirm", async ({
    shop,
    gate,
  }) => {
    const sale = await shop.sale();
    const other = await shop.sale({ botId: shop.bots[1] });
    const running = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    await shop.db.query(
      "update payments set meta_purchase_sent_at = now() at time zone 'America/Sao_Paulo' where id = $1",
      [sale],
    );
    gate.open();
    const sent = await running.ended;
    expect(sent.stdout).toMatch(
      new RegExp(`\\taccepted, overtaken\\tpageview_${sale}\\t.* but the row was left: flagged anew at `),
    );
    expect(sent.code).toBe(1);
    expect(await shop.states()).toEqual({ [sale]: "stuck", [other]: "stuck" });

    expect((await shop.run("find-stuck")).stdout).toMatch(new RegExp(`^${sale}\\t.*\\tdelivered\\t`, "m"));
    const again = await shop.run(`resend --id ${sale}`);
    expect(again.stdout).toContain("Meta has it already: use confirm");
    expect(again.code).toBe(1);
    const reverted = await shop.run(`revert --id ${sale}`);
    expect(reverted.stdout).toContain("(allowed by --even-accepted)");
    expect(reverted.code).toBe(1);

    const confirmed = await shop.run("confirm --hours 24 --yes");
    expect(confirmed.stdout).toMatch(
      new RegExp(`^${sale}\\t.*\\tconfirmed\\tpageview_${sale}\\tMeta had it already$`, "m"),
    );
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [other]: "stuck" });
    expect(await shop.requests()).toHaveLength(1);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
    expect(confirmed.code).toBe(0);
  });

  test("may be given back all the same, with the flag that says so", async ({ shop, gate }) => {
    const sale = await shop.sale();
    const running = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    await shop.db.query("update payments set meta_purchase_sent_at = now() at time zone 'America/Sao_Paulo'");
    gate.open();
    await running.ended;
    expect((await shop.run(`revert --id ${sale} --even-accepted`)).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: "not flagged" });
  });

  test("keeps the id that somebody else stored meanwhile, and says both", async ({ shop, gate }) => {
    const sale = await shop.sale();
    const running = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    await shop.db.query("update payments set meta_event_id = 'pageview_theirs'");
    gate.open();
    const { code, stdout } = await running.ended;
    expect(stdout).toContain(
      `as pageview_${sale}, but the row was left: confirmed meanwhile with event id pageview_theirs`,
    );
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [sale]: "confirmed as pageview_theirs" });
    expect(await shop.attempts()).toMatchObject([
      { sale, answer: "accepted", effect: "overtaken", settled: true },
    ]);
  });

  test("does nothing for a sale without a recorded acceptance", async ({ shop }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    const { code, stdout } = await shop.run(`confirm --id ${sale}`);
    expect(stdout).toContain("no acceptance is on record: there is no event id to confirm");
    expect(code).toBe(1);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.requests()).toEqual([]);
  });
});
