import { describe, expect } from "vitest";
import { test } from "./fixtures.js";
import type { Shop } from "./fixtures.js";

const yes = "reconcile --yes --no-broker";

/** Meta has the sale, and its row has lost the id: a part of the table was restored. */
async function forgotten(shop: Shop): Promise<number> {
  const sale = await shop.sale();
  expect((await shop.run(`resend --id ${sale}`)).code).toBe(0);
  await shop.db.query("update payments set meta_event_id = null where id = $1", [sale]);
  return sale;
}

const successes = (shop: Shop) =>
  shop.db.query<{ command: string; run: string | null; hours: number }>(
    `select command, run_id as run, round(extract(epoch from began_at - since) / 3600)::integer as hours
     from purchase_fix.success`,
  );
const runs = async (shop: Shop) =>
  (await shop.db.query<{ command: string }>("select command from purchase_fix.run order by started_at")).map(
    ({ command }) => command,
  );

describe.concurrent("reconcile", () => {
  test("confirms what Meta has, sends what may be sent, and leaves the rest, in one run", async ({
    shop,
  }) => {
    const has = await forgotten(shop);
    const plain = await shop.sale();
    const old = await shop.sale({ paidHoursAgo: 60 });
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const { code, stdout, stderr } = await shop.run(`${yes} --json`);
    expect(await shop.states()).toEqual({
      [has]: `confirmed as pageview_${has}`,
      [plain]: `confirmed as pageview_${plain}`,
      [old]: "stuck",
      [young]: "stuck",
    });
    expect(await shop.counted()).toEqual([`pageview_${has}`, `pageview_${plain}`]);
    expect(await shop.ledger()).toHaveLength(2);
    expect(await runs(shop)).toEqual(["resend", "reconcile"]);
    const told = JSON.parse(stdout) as { run: string; planned: object[]; left: object[] };
    expect(told.planned).toMatchObject([
      { id: has, action: "confirm" },
      { id: plain, action: "resend" },
    ]);
    expect(told.left).toMatchObject([
      { id: young, needsPerson: false, wouldAllow: `purchase-fix resend --id ${young}` },
      { id: old, needsPerson: true, wouldAllow: "--accept-duplicate" },
    ]);
    expect(stderr).toMatch(/^run [0-9a-f]{12}: 1 confirmed \(BRL 97\.00\), 1 resent \(BRL 97\.00\)\n/);
    expect(code).toBe(1);
    expect(await successes(shop)).toMatchObject([{ command: "reconcile", run: told.run, hours: 168 }]);
    expect((await shop.run(`undo ${told.run} --yes`)).code).toBe(1);
  });

  test("gives back what the application alone can mend, and only with proof that nothing arrived", async ({
    shop,
  }) => {
    const [lost, unknown] = [await shop.sale({ paidHoursAgo: 30 }), await shop.sale({ paidHoursAgo: 3 })];
    const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    await shop.run(["attest", "--from", at(31), "--to", at(4), "--reason", "no worker ran", "--yes"]);
    await shop.db.query("update redirect_pools set meta_tracking_enabled = false");
    const { code } = await shop.run(yes);
    expect(await shop.states()).toEqual({ [lost]: "not flagged", [unknown]: "stuck" });
    expect(code).toBe(1);
    expect(await shop.requests()).toEqual([]);
    expect((await shop.run("find-stuck --hours 168")).stdout).toContain("reverted, not sent again");
    const [run] = await shop.db.query<{ id: string }>(
      "select id from purchase_fix.run where command = 'reconcile'",
    );
    expect((await shop.run(`undo ${run?.id} --yes`)).code).toBe(0);
    expect(await shop.states()).toEqual({ [lost]: "stuck", [unknown]: "stuck" });
  });

  test("without a second thing to do adds no row and takes no lock, however often it runs", async ({
    shop,
  }) => {
    for (const _ of [1, 2, 3]) {
      const { code, stdout, stderr } = await shop.run(`${yes} --quiet --since last`);
      expect([code, stdout, stderr]).toEqual([0, "", ""]);
    }
    expect(await runs(shop)).toEqual([]);
    expect(await shop.attempts()).toEqual([]);
    expect(await successes(shop)).toHaveLength(1);
    expect(await shop.db.query("select from purchase_fix.lease")).toEqual([]);
  });

  test("twice at once: one acts, the other ends with 75, in silence with --quiet", async ({ shop, gate }) => {
    const sale = await shop.sale();
    const first = shop.start(yes, gate);
    await gate.arrived;
    const [loud, quiet] = [await shop.run(yes), await shop.run(`${yes} --quiet`)];
    gate.open();
    expect(loud).toMatchObject({ code: 75, stdout: "" });
    expect(loud.stderr).toContain("Another run holds the lock: reconcile");
    expect(quiet).toMatchObject({ code: 75, stdout: "", stderr: "" });
    expect((await first.ended).code).toBe(0);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
    expect(await runs(shop)).toEqual(["reconcile"]);
  });

  test("takes over from a host that died: its lease ends by itself", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "stored-no-answer" });
    const dead = shop.start(yes);
    await shop.requests(1);
    dead.kill("SIGQUIT");
    await dead.ended;
    expect((await shop.run(yes)).code).toBe(75);
    // Its renewals have ended with it: this stands for the rest of the minute.
    await shop.db.query(
      "update purchase_fix.lease set expires_at = least(expires_at, clock_timestamp() + interval '1 second')",
    );
    expect((await shop.run(`${yes} --wait 20s`)).code).toBe(0);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
    expect(await shop.ledger()).toHaveLength(2);
  });

  test("with a signal in the middle settles what is in flight, says what is left, and is no success", async ({
    shop,
    gate,
  }) => {
    const sales = await shop.manySales(1002);
    const running = shop.start(`${yes} --json`, gate);
    await gate.arrived;
    running.kill("SIGTERM");
    await running.said("interrupted: what is in flight is settled first");
    gate.open();
    const { code, stdout } = await running.ended;
    expect(code).toBe(143);
    const told = JSON.parse(stdout) as { outcomes: object[]; left: object[] };
    expect(told.outcomes).toHaveLength(1000);
    expect(told.left).toMatchObject(
      sales.slice(1000).map((id) => ({ id, because: "not reached: interrupted" })),
    );
    expect(await successes(shop)).toEqual([]);
    expect((await shop.run(`${yes} --quiet`)).code).toBe(0);
    expect(new Set(await shop.counted()).size).toBe(1002);
    expect(await successes(shop)).toHaveLength(1);
  });

  test("waits a random part of --jitter first, opens nothing until then, and a signal ends the wait", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const running = shop.start(`${yes} --jitter 168h`);
    await running.said("first (--jitter)");
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stdout: "" });
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(await shop.attempts()).toBeNull();
    expect((await shop.run(`${yes} --jitter 0.1s`)).code).toBe(0);
  });

  test("looks back to the last success, and tells what expired since", async ({ shop }) => {
    expect((await shop.run(`${yes} --since last`)).stderr).toContain("no successful run is on record");
    await shop.db.query(
      "update purchase_fix.success set began_at = began_at - interval '5 days', since = since - interval '5 days'",
    );
    const gone = await shop.sale({ paidHoursAgo: 200 });
    const plain = await shop.sale({ paidHoursAgo: 40 });
    const { code, stdout, stderr } = await shop.run(`${yes} --since last`);
    expect(stdout).toContain(`\n${gone}\t`);
    expect(stderr).toMatch(/^expired since the last run \(\S+Z\): 1 sale \(BRL 97\.00\)/m);
    expect(await shop.states()).toEqual({ [gone]: "stuck", [plain]: `confirmed as pageview_${plain}` });
    expect(code).toBe(1);
  });

  test("does not believe a success in the future", async ({ shop }) => {
    await shop.run(`${yes} --since last`);
    await shop.db.query("update purchase_fix.success set began_at = began_at + interval '3 hours'");
    const { code, stderr } = await shop.run(`${yes} --since last --quiet`);
    expect(stderr).toMatch(/^warning: the last successful run began in the future/);
    expect(code).toBe(0);
    expect((await shop.run(`${yes} --since last --quiet`)).stderr).toBe("");
  });

  test("says with --quiet one line on stderr where something changed, and nothing on stdout", async ({
    shop,
  }) => {
    await shop.sale();
    const changed = await shop.run(`${yes} --quiet`);
    expect(changed).toMatchObject({ code: 0, stdout: "", stderr: "reconcile: 1 resent (BRL 97.00)\n" });
    await shop.sale({ paidHoursAgo: 60 });
    const person = await shop.run(`${yes} --quiet`);
    expect(person).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "reconcile: nothing to do; 1 needs a person (BRL 97.00): purchase-fix find-stuck --hours 168\n",
    });
  });

  test("does nothing in a copy of the shop, and tells it before stdout has a word", async ({ shop }) => {
    await shop.run(yes);
    await shop.db.query("update purchase_fix.home set database_name = 'origin', database_oid = 1");
    const { code, stdout, stderr } = await shop.run(yes);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("was written in another database (origin)");
  });
});

describe.concurrent("what reconcile may do", () => {
  test("is what --allow says", async ({ shop }) => {
    const [has, plain] = [await forgotten(shop), await shop.sale()];
    const { code, stdout } = await shop.run(`${yes} --allow confirm`);
    expect(await shop.states()).toEqual({ [has]: `confirmed as pageview_${has}`, [plain]: "stuck" });
    expect(stdout).toContain("the policy does not allow to resend it");
    expect(code).toBe(0);
  });

  test("is what a policy says, by bot and pixel too; flags beat it", async ({ shop, folder }) => {
    const [first, second] = [await shop.sale(), await shop.sale({ botId: shop.bots[1] })];
    const policy = folder.write(
      "policy.json",
      JSON.stringify({
        allow: [],
        maxSales: 1,
        pixels: { [shop.pixels[0]]: { allow: ["resend"] }, "999": { allow: [] } },
        bots: { "Receitas da Vovó": { allow: ["confirm"] }, "77": { allow: [] } },
      }),
    );
    const dry = await shop.run(`reconcile --dry-run --policy ${policy} --json --allow confirm`);
    expect(JSON.parse(dry.stdout)).toMatchObject({ planned: [] });
    const { code, stderr } = await shop.run(`${yes} --policy ${policy}`);
    expect(await shop.states()).toEqual({ [first]: `confirmed as pageview_${first}`, [second]: "stuck" });
    expect(stderr).toContain("no stuck sale goes to pixel 999, which the policy names");
    expect(stderr).toContain("no stuck sale is of bot 77, which the policy names");
    expect(code).toBe(0);
    expect((await shop.run(`${yes} --policy ${policy} --quiet`)).stderr).toBe("");
  });

  test.each([
    ["an unknown key", '{"alow": []}', "policy: alow", "no known key"],
    [
      "an unknown key of a pixel",
      '{"pixels": {"1": {"allow": [], "alow": []}}}',
      "pixels.1: alow",
      "no known key",
    ],
    ["an unknown action", '{"allow": ["resend", "delete"]}', "allow", "no list of confirm, resend, revert"],
    ["an action that is no list", '{"allow": "resend"}', "allow", "no list"],
    ["a cap of nothing", '{"maxSales": 0}', "maxSales", "no whole number from 1"],
    ["a cap that is no number", '{"maxSales": "5"}', "maxSales", "no whole number"],
    ["a value that is no text", '{"maxValue": 500}', "maxValue", "no amount above 0"],
    ["a value of nothing", '{"maxValue": "0.00"}', "maxValue", "no amount above 0"],
    ["pixels that are a list", '{"pixels": []}', "pixels", "no object"],
    ["a pixel that is none", '{"pixels": {"abc": {"allow": []}}}', "pixels.abc", "not a pixel id"],
    ["a pixel without its list", '{"pixels": {"1": {}}}', "pixels.1.allow", "no list"],
    ["bots that are a word", '{"bots": "all"}', "bots", "no object"],
    ["a bot that is no object", '{"bots": {"19": []}}', "bots.19", "no object"],
    ["a list", "[]", "policy", "no object"],
  ])("is refused with %s: exit 2, and nothing was changed", async (_, text, where, why) => {
    const { readPolicy } = await import("../../src/policy-file.js");
    const problems = (() => {
      try {
        readPolicy("p.json", { read: () => text });
        return [];
      } catch (error) {
        return (error as { problems: { what: string; why: string }[] }).problems;
      }
    })();
    expect(problems).toMatchObject([
      { what: `The policy file p.json has a wrong ${where}`, why: expect.stringContaining(why) },
    ]);
  });

  test("is refused by the program itself, in three lines for each mistake", async ({ shop, folder }) => {
    const sale = await shop.sale();
    const wrong = folder.write("wrong.json", '{"alow": [], "maxSales": 0}');
    const { code, stdout, stderr } = await shop.run(`${yes} --policy ${wrong} --quiet`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.match(/^error: The policy file \S+ has a wrong /gm)).toHaveLength(2);
    for (const policy of [`${folder.path}/none.json`, folder.write("text.json", "allow: all")]) {
      const refused = await shop.run(`${yes} --policy ${policy}`);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toMatch(
        /^error: The policy file .*\n {2}why: .*nothing was changed\n {2}next: /,
      );
    }
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(await shop.attempts()).toBeNull();
  });

  test("is stopped by a cap: nothing is done, the figures are told", async ({ shop }) => {
    const sales = [await shop.sale(), await shop.sale()];
    for (const cap of ["--max-sales 1", "--max-value 193.99"]) {
      const { code, stdout, stderr } = await shop.run(`${yes} ${cap}`);
      expect(code).toBe(1);
      expect(stderr).toContain(`the plan has 2 sales worth 194.00, more than ${cap}`);
      for (const id of sales) expect(stdout).toMatch(new RegExp(`^${id}\\t.*\\tleft\\t`, "m"));
    }
    expect(await shop.attempts()).toBeNull();
    expect((await shop.run(`${yes} --max-sales 2 --max-value 194`)).code).toBe(0);
  });

  test.each([
    ["--max-sales 0", "whole number from 1"],
    ["--max-value 0", "more than 0"],
    ["--max-value -5", "amount of money"],
    ["--allow delete", "Give some of confirm,resend,revert"],
    ["--accept-duplicate", "--accept-duplicate needs a cap here"],
    ["--id 9445", "reconcile takes no --id"],
    ["--since yesterday", "Give a time"],
    ["--since last --until 2026-01-01", "--until needs --since with a time"],
    ["--since 2026-01-01 --hours 5", "two windows"],
  ])("is a mistake with %s", async (words, said) => {
    const { purchaseFix } = await import("../cast/binary.js");
    const { code, stdout, stderr } = await purchaseFix([...yes.split(" "), ...words.split(" ")]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(said);
  });

  test("includes what may count twice, up to a cap", async ({ shop }) => {
    const [a, b] = [await shop.sale({ paidHoursAgo: 60 }), await shop.sale({ paidHoursAgo: 50 })];
    expect((await shop.run(`${yes} --accept-duplicate=100`)).code).toBe(1);
    expect(Object.values(await shop.states()).filter((state) => state === "stuck")).toHaveLength(1);
    expect((await shop.run(`${yes} --accept-duplicate --max-value 500`)).code).toBe(0);
    expect(Object.keys(await shop.states()).map(Number)).toEqual([a, b]);
    expect(await shop.counted()).toHaveLength(2);
  });
});

// One after the other: healing the stand-in heals it for the whole file.
describe("a sale that cannot be mended", () => {
  test("is paused, quarantined, listed, and released by a word that is on record", async ({ shop }) => {
    const [bad, good] = [await shop.sale(), await shop.sale()];
    await shop.fault({ fault: "unknown-4xx", match: { eventId: `pageview_${bad}` }, times: -1 });
    expect((await shop.run(`${yes} --max-attempts 2`)).code).toBe(1);
    expect(await shop.states()).toEqual({ [bad]: "stuck", [good]: `confirmed as pageview_${good}` });
    expect(
      await shop.db.query(
        "select sale_id::integer as sale, blame, events from purchase_fix.attempt where events = 1 order by 1",
      ),
    ).toEqual([
      { sale: bad, blame: "sale", events: 1 },
      { sale: good, blame: null, events: 1 },
    ]);
    const paused = await shop.run(`${yes} --max-attempts 2`);
    expect(paused.stdout).toMatch(
      new RegExp(
        `^${bad}\\t.*tried 1 time, next try after .*\\(allowed by purchase-fix resend --id ${bad}\\)`,
        "m",
      ),
    );
    expect(paused.code).toBe(0);
    const requests = (await shop.requests()).length;
    await shop.db.query(
      "update purchase_fix.attempt set attempted_at = attempted_at - interval '20 minutes'",
    );
    await shop.sale();
    expect((await shop.run(`${yes} --max-attempts 2`)).code).toBe(1);
    expect((await shop.requests()).length).toBeGreaterThan(requests);
    await shop.db.query("update purchase_fix.attempt set attempted_at = attempted_at - interval '7 hours'");
    const kept = await shop.run(`${yes} --max-attempts 2 --quiet`);
    expect(kept).toMatchObject({ code: 1, stdout: "" });
    const listed = await shop.run("quarantine list --max-attempts 2 --json");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      sales: [{ id: bad, state: "quarantined", tries: 2, nextTryAt: null }],
      totals: { count: 1, amount: "97.00", paused: 0 },
    });
    expect((await shop.run("find-stuck --hours 168 --max-attempts 2")).stderr).toContain(
      "windows leave: 1 quarantined",
    );
    expect((await shop.run(`explain ${bad} --max-attempts 2`)).stdout).toContain("quarantined after 2 tries");

    await shop.graph.heal();
    const released = await shop.run(["quarantine", "release", String(bad), "--reason", "mended the row"]);
    expect([released.code, released.stderr]).toEqual([
      0,
      expect.stringContaining("released 1 sale (BRL 97.00)"),
    ]);
    expect(await shop.db.query("select sale_id::integer as sale, reason from purchase_fix.release")).toEqual([
      { sale: bad, reason: "mended the row" },
    ]);
    expect((await shop.run(`${yes} --max-attempts 2`)).code).toBe(0);
    expect((await shop.states())[bad]).toBe(`confirmed as pageview_${bad}`);
  });

  test("does not keep others from being sent where --limit takes the nearest deadlines", async ({ shop }) => {
    const bad: number[] = [];
    for (let n = 0; n < 12; n += 1) bad.push(await shop.sale({ paidHoursAgo: 40 }));
    const good = [await shop.sale({ paidHoursAgo: 2 }), await shop.sale({ paidHoursAgo: 2 })];
    for (const id of bad)
      await shop.fault({ fault: "unknown-4xx", match: { eventId: `pageview_${id}` }, times: -1 });
    expect((await shop.run("resend --hours 168 --yes --limit 10 --no-broker")).code).toBe(1);
    expect((await shop.counted()).length).toBe(0);
    await shop.run("resend --hours 168 --yes --limit 10 --no-broker");
    expect(await shop.counted()).toEqual(good.map((id) => `pageview_${id}`).toSorted());
  });

  test("rests once it is acknowledged: no exit 1, no request; listed, marked, and taken back by a word", async ({
    shop,
  }) => {
    const [rest, other] = [
      await shop.sale({ paidHoursAgo: 60 }),
      await shop.sale({ metaEventId: "pageview_x" }),
    ];
    expect((await shop.run(`${yes} --quiet`)).code).toBe(1);
    const refused = [
      await shop.run(["acknowledge", String(rest)]),
      await shop.run(["acknowledge", "--reason", "so"]),
      await shop.run(["acknowledge", String(other), "--reason", "so"]),
      await shop.run(["acknowledge", "4711", "--reason", "so"]),
      await shop.run(["acknowledge", String(rest), "--withdraw", "--reason", "so"]),
    ];
    expect(refused.map(({ code, stdout }) => [code, stdout])).toEqual(refused.map(() => [2, ""]));
    expect(refused.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
      "error: acknowledge needs a --reason",
      "error: Which sales?",
      expect.stringMatching(/is not stuck: Meta confirmed it$/),
      "error: No sale bears 4711",
      expect.stringMatching(/is not acknowledged$/),
    ]);
    const reason = ["--reason", "the customer paid twice"];
    expect((await shop.run(["acknowledge", String(rest), ...reason])).code).toBe(0);
    expect((await shop.run(["acknowledge", String(rest), ...reason])).code).toBe(2);
    expect(await shop.run(`${yes} --quiet --accept-duplicate=500`)).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(await shop.requests()).toEqual([]);
    const found = await shop.run("find-stuck --hours 168");
    expect(found.stdout).toMatch(/\tacknowledged\t.*the customer paid twice/);
    expect((await shop.run("acknowledge --list")).stdout).toContain("the customer paid twice");
    expect((await shop.run(["acknowledge", "--withdraw", String(rest), "--reason", "it was not"])).code).toBe(
      0,
    );
    expect((await shop.run(`${yes} --quiet --accept-duplicate=500`)).code).toBe(0);
    expect(await shop.counted()).toEqual([`pageview_${rest}`]);
    expect(
      await shop.db.query("select reason, withdrawn_because as why from purchase_fix.acknowledgement"),
    ).toEqual([{ reason: "the customer paid twice", why: "it was not" }]);
    expect(await runs(shop)).toEqual(["acknowledge", "acknowledge", "reconcile"]);
  });
});
