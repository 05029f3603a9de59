import { stripVTControlCharacters } from "node:util";
import { describe, expect } from "vitest";
import { hasTerminal } from "../cast/binary.js";
import { insertBot, insertPool } from "../cast/shop.js";
import { test } from "./fixtures.js";
import type { Shop } from "./fixtures.js";
import { refusal } from "./refusal.js";

const acting = ["resend", "revert", "confirm"] as const;

describe.concurrent("a name that no sale bears", () => {
  test.for(["find-stuck", ...acting])(
    "%s exits with 2, names it, and changes nothing",
    async (command, { shop }) => {
      const sale = await shop.sale();
      const before = await shop.snapshot();
      for (const unknown of ["1", "BOT19_1763607031_nobody", "99999999999999999999999", "-5", "0x10"]) {
        const lines = refusal(await shop.run([command, "--id", `${sale},${unknown}`]));
        expect(lines[0]).toBe(`error: No sale bears ${unknown}`);
        expect(lines.at(-1)).toBe("  next: list the stuck ones: purchase-fix find-stuck --hours 168");
      }
      expect(await shop.snapshot()).toEqual(before);
      expect(await shop.attempts()).toBeNull();
      expect(await shop.requests()).toEqual([]);
    },
  );
});

describe.concurrent("a named sale that there is nothing to do about", () => {
  test.for([
    [{ metaEventId: "pageview_before" }, "not stuck: Meta confirmed it"],
    [{ flagged: false }, "not stuck: it is not flagged as sent, so the application still sends it"],
    [{ status: "pending" }, "not paid: its status is pending"],
    [{ status: "failed" }, "not paid: its status is failed"],
  ] as const)("is left, with the reason, and makes the exit code 1: %o", async ([row, reason], { shop }) => {
    const odd = await shop.sale(row);
    const stuck = await shop.sale();
    const before = (await shop.snapshot()).find((text) => text.startsWith(`(${odd},`));
    const { code, stdout } = await shop.run(`resend --id ${odd},${stuck}`);
    expect(stdout).toMatch(new RegExp(`^${odd}\\t.*\\tleft\\t.*\\t${reason}$`, "m"));
    expect(code).toBe(1);
    expect(await shop.snapshot()).toContain(before);
    expect(await shop.states()).toMatchObject({ [stuck]: `confirmed as pageview_${stuck}` });
    for (const command of ["revert", "confirm"]) {
      const other = await shop.run(`${command} --id ${odd}`);
      expect(other.stdout).toContain(reason);
      expect(other.code).toBe(1);
    }
    expect(await shop.snapshot()).toContain(before);
    expect(await shop.counted()).toEqual([`pageview_${stuck}`]);
  });
});

/** Sends a healthy sale together with an odd one that must be left. */
async function leaves(shop: Shop, odd: number, reason: string): Promise<void> {
  const healthy = await shop.sale({ botId: shop.bots[1] });
  const { code, stdout, stderr } = await shop.run(`resend --id ${odd},${healthy} --accept-duplicate`);
  expect(stdout).toMatch(new RegExp(`^${odd}\\t.*\\tleft\\t`, "m"));
  expect(stdout).toContain(reason);
  expect(stderr).toContain("left 1 sale: 1 needs a person\n");
  expect(code).toBe(1);
  expect(await shop.states()).toEqual({ [odd]: "stuck", [healthy]: `confirmed as pageview_${healthy}` });
  expect(await shop.counted()).toEqual([`pageview_${healthy}`]);
}

describe.concurrent("a sale that cannot be sent is left for a person, and does not hinder the others", () => {
  test.for([
    [{ amount: null }, "payments.amount is empty"],
    [{ amount: "NaN" }, "payments.amount is no number"],
    [{ amount: -97 }, "payments.amount is negative"],
    [
      { paidHoursAgo: -2, createdHoursAgo: 1, flaggedHoursAgo: 1 },
      "payments.paid_at lies in the future: check --db-timezone",
    ],
    [
      { customerUserId: null, customerEmail: "no address", customerPhone: null },
      "too little about the customer (Meta 2804050)",
    ],
  ] as const)("%o", async ([row, reason], { shop }) => {
    const odd = await shop.sale(row);
    await leaves(shop, odd, reason);
    expect((await shop.run(`find-stuck --id ${odd}`)).stdout).toContain(`\tunsendable\t`);
  });

  test("for want of a pool", async ({ shop }) => {
    const homeless = await insertBot(shop.db.witness, { name: "Bot sem pool" });
    await leaves(
      shop,
      await shop.sale({ botId: homeless }),
      `bot ${homeless} (Bot sem pool) is in no enabled pool`,
    );
  });

  test.for<[string, string]>([
    ["meta_tracking_enabled = false", "meta_tracking_enabled is off"],
    ["meta_events_purchase = null", "meta_events_purchase is off"],
    ["meta_pixel_id = ' '", "meta_pixel_id is empty"],
    ["meta_pixel_id = 'um'", "meta_pixel_id is not a number"],
    ["meta_access_token = null", "meta_access_token is empty"],
    ["meta_access_token = 'corrupt'", "meta_access_token is "],
  ])("for its pool's sake: %s", async ([change, reason], { shop }) => {
    const sale = await shop.sale();
    await shop.db.query(`update redirect_pools set ${change} where id = $1`, [shop.pools[0]]);
    await leaves(shop, sale, `redirect_pools ${shop.pools[0]}: ${reason}`);
  });

  test("for a token that no HTTP header can carry", async ({ shop }) => {
    const bot = await insertBot(shop.db.witness);
    const { key, pixels } = shop;
    await insertPool(shop.db.witness, { pixelId: pixels[0], token: "two\nlines-of-token", key, bots: [bot] });
    await leaves(shop, await shop.sale({ botId: bot }), "meta_access_token decrypts to no access token");
  });
});

describe.concurrent("a flag time that tells nothing", () => {
  test.for([
    ["missing", { flaggedHoursAgo: null }],
    ["in the future", { flaggedHoursAgo: -3 }],
  ] as const)("%s: counts as the time of the row's last change", async ([, row], { shop }) => {
    const young = await shop.sale({ ...row, flagged: true, updatedHoursAgo: 0.1 });
    const old = await shop.sale({ ...row, flagged: true, updatedHoursAgo: 4 });
    const { code, stdout } = await shop.run("resend --hours 24 --yes");
    expect(stdout).toMatch(new RegExp(`^${young}\\t.*\\tleft\\t\\tflagged 6m`, "m"));
    expect(code).toBe(0);
    const states = await shop.states();
    expect(states[young]).toBe(row.flaggedHoursAgo === null ? "flagged without a time" : "stuck");
    expect(states[old]).toMatch(new RegExp(`pageview_${old}$`));
    expect(await shop.counted()).toEqual([`pageview_${old}`]);
  });
});

describe.concurrent("a customer's data that is none", () => {
  test("an e-mail that is no address is left out of the event, and the sale goes", async ({ shop }) => {
    const bad = await shop.sale({ customerEmail: "nao tenho" });
    const good = await shop.sale();
    const { code } = await shop.run(`resend --id ${bad},${good}`);
    expect(code).toBe(0);
    const keys = Object.fromEntries(
      (await shop.ledger()).map((entry) => [entry.eventId, entry.userDataKeys.toSorted()]),
    );
    expect(keys).toEqual({
      [`pageview_${bad}`]: ["external_id"],
      [`pageview_${good}`]: ["em", "external_id"],
    });
  });

  test("a malformed click id, phone or name does not sink the request", async ({ shop }) => {
    const sale = await shop.sale({
      customerPhone: "12",
      customerName: "   ",
      extra: { fbc: "not.a.click", fbp: "nor.this", customer_state: "??", customer_country: "Atlântida" },
    });
    expect((await shop.run(`resend --id ${sale}`)).code).toBe(0);
    const [entry] = await shop.ledger();
    expect(entry?.userDataKeys.toSorted()).toEqual(["em", "external_id"]);
  });
});

describe.concurrent("a payment id of another locale", () => {
  const odd = `BOT19 ção "日本" 'x' \\ 🙂`;

  test("is printed whole and names its sale, unicode, quotes, spaces and all", async ({ shop }) => {
    const sale = await shop.sale({ paymentId: odd });
    const other = await shop.sale();
    const found = await shop.run(["find-stuck", "--json", "--id", odd]);
    expect(JSON.parse(found.stdout)).toMatchObject({ sales: [{ id: sale, paymentId: odd }] });
    const { code } = await shop.run("resend --id -", { input: `${odd}\n` });
    expect(code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [other]: "stuck" });
    const journal = await shop.run(["journal", "--json", "--id", odd]);
    expect(JSON.parse(journal.stdout)).toMatchObject({ attempts: [{ saleId: sale, paymentId: odd }] });
  });

  test("survives the trip through a tab-separated file", async ({ shop }) => {
    await shop.sale({ paymentId: "BOT19\tcom\ntab\u001B[2J" });
    const { stdout } = await shop.run("find-stuck");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stdout).toContain(String.raw`BOT19\tcom\ntab\u001b[2J`);
  });

  test("cannot command the terminal", async ({ shop }) => {
    await shop.sale({ paymentId: "BOT19\u001B[2J\u202Eevil" });
    const { stdout } = await shop.run("find-stuck --id nobody");
    expect(stdout).toBe("");
    const { stderr } = await shop.run(["find-stuck", "--id", "no\u001B[2Jbody"]);
    expect(stderr).toContain("No sale bears no␛[2Jbody");
  });
});

describe.concurrent("rows with holes", () => {
  test("a sale without payment id, of a bot without a name, is listed and sent", async ({ shop }) => {
    await shop.db.query("update bots set name = null");
    const sale = await shop.sale({ extra: { payment_id: null } });
    const found = await shop.run("find-stuck");
    expect(found.stdout).toMatch(new RegExp(`^${sale}\\t\\t\\t97\\.00\\t`, "m"));
    expect((await shop.run(`resend --id ${sale}`)).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
  });

  test.skipIf(!hasTerminal())("and on a terminal, too", async ({ shop }) => {
    await shop.db.query("update bots set name = null");
    const sale = await shop.sale({ extra: { payment_id: null } });
    const { code, stdout } = await shop.onTerminal("find-stuck", { columns: 140 }).ended;
    expect(stripVTControlCharacters(stdout)).toMatch(new RegExp(`\\b${sale}\\b`));
    expect(code).toBe(0);
  });

  test("a sale without any time is unsendable, not a failure", async ({ shop }) => {
    const sale = await shop.sale({ createdAt: null, paidAt: null });
    const { code, stdout } = await shop.run(`resend --id ${sale} --accept-duplicate`);
    expect(stdout).toContain("payments.paid_at and created_at are empty");
    expect(code).toBe(1);
    expect(await shop.requests()).toEqual([]);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });
});
