import { freePort } from "../../demo/postgres-watchdog.js";
import { describe, expect } from "vitest";
import { encryptToken } from "../cast/shop.js";
import { test } from "./fixtures.js";

describe.concurrent("an answer that proves nothing", () => {
  test.for([
    ["a 500", { fault: "500-1" }, "Meta answered HTTP 500"],
    ["HTML", { fault: "html-502" }, "Meta answered HTTP 502"],
    ["truncated JSON", { fault: "truncated" }, "Meta's answer is no JSON object"],
    ["200 with too few events", { fault: "too-few" }, "Meta counted 0 of 1 events"],
  ] as const)(
    "%s is unconfirmed: the sale is kept, and a later run repeats the identical id",
    async ([, rule, reason], { shop }) => {
      const sale = await shop.sale();
      const other = await shop.sale({ botId: shop.bots[1] });
      const before = await shop.snapshot();
      await shop.fault({ ...rule, times: 3 });
      const first = await shop.run(`resend --id ${sale}`);
      expect(first.stdout).toContain(`unconfirmed, kept\tpageview_${sale}\tno certain answer: ${reason}`);
      expect(first.code).toBe(1);
      expect(await shop.snapshot()).toEqual(before);
      expect(await shop.requests()).toHaveLength(3);

      const found = await shop.run("find-stuck");
      expect(found.stdout).toMatch(new RegExp(`^${sale}\\t.*\\tunsettled\\t`, "m"));

      const second = await shop.run(`resend --id ${sale}`);
      expect(second.code).toBe(0);
      const asked = await shop.requests();
      expect(new Set(asked.map(({ eventIds }) => eventIds.join())).size).toBe(1);
      expect(new Set(asked.map(({ digest }) => digest)).size).toBe(1);
      expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [other]: "stuck" });
      expect(await shop.counted()).toEqual([`pageview_${sale}`]);
    },
  );

  test("counts once where Meta had stored what it answered with a 500", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "500-2", stored: true });
    const { code, stdout } = await shop.run(`resend --id ${sale}`);
    expect(stdout).toContain("accepted, confirmed");
    expect(code).toBe(0);
    expect(await shop.ledger()).toHaveLength(2);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });

  test("counts once where Meta had stored what it never answered", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "stored-no-answer" });
    const { code } = await shop.run(`resend --id ${sale} --timeout 1s`);
    expect(code).toBe(0);
    expect(await shop.ledger()).toHaveLength(2);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });

  test("is never the start of a revert, not even with --revert-refused", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.fault({ fault: "500-1", times: 2 });
    await shop.fault({ fault: "event-refused", eventId: `pageview_${sale}` });
    const { code, stdout } = await shop.run(`resend --id ${sale} --revert-refused`);
    expect(stdout).toContain("unconfirmed, kept");
    expect(stdout).toContain("an earlier attempt has no answer; Meta refused: 100/2804050");
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("makes every sale of a short count go alone, and the rest of them arrive", async ({ shop }) => {
    const sales = [await shop.sale(), await shop.sale(), await shop.sale()];
    await shop.fault({ fault: "too-few", received: 2 });
    const { code } = await shop.run("resend --hours 24 --yes");
    expect(code).toBe(0);
    expect((await shop.requests()).map(({ events }) => events)).toEqual([3, 1, 1, 1]);
    expect(await shop.counted()).toEqual(sales.map((id) => `pageview_${id}`));
  });
});

describe.concurrent("a refusal", () => {
  test("of a token stops its own pixel's sales only", async ({ shop }) => {
    const [kept, alsoKept] = [await shop.sale(), await shop.sale()];
    const sent = await shop.sale({ botId: shop.bots[1] });
    await shop.db.query("update redirect_pools set meta_access_token = $1 where id = $2", [
      encryptToken(shop.key, "token-that-nobody-knows"),
      shop.pools[0],
    ]);
    const { code, stdout, stderr } = await shop.run("resend --hours 24 --yes");
    expect(await shop.states()).toEqual({
      [kept]: "stuck",
      [alsoKept]: "stuck",
      [sent]: `confirmed as pageview_${sent}`,
    });
    expect(stdout.match(/not-sent, kept/g)).toHaveLength(2);
    expect(stdout).toContain("Meta refused: 190 Invalid OAuth access token");
    expect(stderr).toContain("confirmed 1 (BRL 97.00), kept 2 (BRL 194.00)");
    expect(code).toBe(1);
    expect(await shop.counted()).toEqual([`pageview_${sent}`]);
  });

  test("of one event in a batch is found by halving: the others arrive, that one needs a person", async ({
    shop,
  }) => {
    const [a, bad, c] = [await shop.sale(), await shop.sale(), await shop.sale()];
    await shop.fault({ fault: "event-refused", eventId: `pageview_${bad}`, subcode: 2804016 });
    const { code, stdout } = await shop.run("resend --hours 24 --yes");
    expect(stdout).toMatch(new RegExp(`^${bad}\\t.*\\trefused, kept\\t.*Meta refused: 100/2804016`, "m"));
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({
      [a]: `confirmed as pageview_${a}`,
      [bad]: "stuck",
      [c]: `confirmed as pageview_${c}`,
    });
    expect(await shop.counted()).toEqual([`pageview_${a}`, `pageview_${c}`]);
    const again = await shop.run("resend --hours 24 --yes");
    expect(again.stdout).toContain(`mend it, then name it (allowed by --id ${bad})`);
    expect(again.code).toBe(1);
  });

  test("gives the sale back with --revert-refused, and resend takes it again when named", async ({
    shop,
  }) => {
    const [bad, good] = [await shop.sale(), await shop.sale()];
    await shop.fault({ fault: "event-refused", eventId: `pageview_${bad}`, times: 2 });
    const { code } = await shop.run("resend --hours 24 --yes --revert-refused");
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [bad]: "not flagged", [good]: `confirmed as pageview_${good}` });
    expect((await shop.run(`resend --id ${bad}`)).code).toBe(0);
    expect(await shop.states()).toMatchObject({ [bad]: `confirmed as pageview_${bad}` });
    expect(await shop.counted()).toEqual([`pageview_${bad}`, `pageview_${good}`]);
  });

  test("of an expired sale cannot happen: it is never part of a request", async ({ shop }) => {
    const sale = await shop.sale();
    const expired = await shop.sale({ paidHoursAgo: 24 * 7 - 0.5, amount: 5 });
    const { code, stdout } = await shop.run(`resend --id ${sale},${expired} --accept-duplicate`);
    expect(stdout).toContain("paid over 7 days ago");
    expect(code).toBe(1);
    expect((await shop.requests()).map(({ eventIds }) => eventIds)).toEqual([[`pageview_${sale}`]]);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [expired]: "stuck" });
  });

  test("for too many calls is waited out, unless the run would end before", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "rate", minutes: 7 });
    const { code, stdout } = await shop.run(`resend --id ${sale} --max-runtime 5m`);
    expect(stdout).toContain("not-sent, kept");
    expect(code).toBe(1);
    expect(await shop.requests()).toHaveLength(1);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("by a redirect is not followed, token and all", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "redirect", location: `${shop.graph.url}/v26.0/elsewhere/events` });
    const { code } = await shop.run(`resend --id ${sale}`);
    expect((await shop.graph.requests()).some(({ pixel }) => pixel === "elsewhere")).toBe(false);
    expect(await shop.requests()).toHaveLength(2);
    expect(code).toBe(0);
  });

  test("without a connection changes nothing and needs no person's care", async ({ shop }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await shop.run(`resend --id ${sale} --graph-url ${nowhere}`);
    expect(stdout).toContain("not-sent, kept");
    expect(stdout).toContain("no connection to Meta was made");
    expect(code).toBe(1);
    expect(await shop.snapshot()).toEqual(before);
    expect((await shop.run("find-stuck")).stdout).toContain("\tambiguous\tnone\t");
  });
});
