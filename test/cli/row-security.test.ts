import { randomBytes } from "node:crypto";
import { describe, expect } from "vitest";
import { schemaSql } from "../../src/queries/journal-schema.js";
import type { Shop } from "./fixtures.js";
import { test as withShop } from "./fixtures.js";
import { refusal } from "./refusal.js";

/** A role with the README's privileges, in a database whose journal somebody else made; policies decide on rows. */
const test = withShop.extend("role", async ({ shop }, { onCleanup }) => {
  const name = `policed_${randomBytes(4).toString("hex")}`;
  const say = async (...statements: readonly string[]) => {
    for (const statement of statements) await shop.db.query(statement);
  };
  await say(
    schemaSql,
    `create role ${name} login`,
    `grant select on payments, bots, pool_bots, redirect_pools, bot_users to ${name}`,
    `grant update (meta_purchase_sent, meta_purchase_sent_at, meta_event_id) on payments to ${name}`,
    `grant usage on schema purchase_fix to ${name}`,
    `grant select, insert, update on all tables in schema purchase_fix to ${name}`,
    `grant delete on purchase_fix.observation, purchase_fix.log_event, purchase_fix.log_position to ${name}`,
    "alter table payments enable row level security",
  );
  onCleanup(() => say(`drop owned by ${name}`, `drop role ${name}`));
  const url = new URL(shop.env["DATABASE_URL"] ?? "");
  url.username = name;
  const env = { DATABASE_URL: url.href };
  return { run: async (words: string) => await shop.run(words, { env }), say };
});

const warning = /^warning: row-level security holds for this role on payments: rows that its policies hide/m;
const hides = "create policy see on payments for select using (bot_id <> 19)";
const shows = "create policy see on payments for select using (true)";
const writes = "create policy write on payments for update using (true)";

/** A sale that policies are about, and one of another bot. */
async function twoSales(shop: Shop): Promise<[number, number]> {
  return [await shop.sale(), await shop.sale({ botId: shop.bots[1] })];
}

describe.concurrent("a policy that hides rows", () => {
  test("is told by every command that lists or names sales: an empty list is no good news", async ({
    shop,
    role,
  }) => {
    const [hidden, other] = await twoSales(shop);
    await role.say(hides, writes);
    const listed = await role.run("find-stuck --hours 24");
    expect(listed.code).toBe(0);
    expect(listed.stdout).not.toContain(`\n${hidden}\t`);
    expect(listed.stdout).toContain(`\n${other}\t`);
    expect(listed.stderr.match(new RegExp(warning, "gm"))).toHaveLength(1);
    expect((await role.run("report")).stderr).toMatch(warning);
    for (const words of ["explain", "resend --id", "revert --id", "confirm --id"]) {
      const lines = refusal(await role.run(`${words} ${hidden}`));
      expect(lines[0]).toMatch(warning);
      expect(lines[1]).toBe(`error: No sale bears ${hidden}`);
    }
    const sent = await role.run("resend --hours 24 --yes");
    expect([sent.code, warning.test(sent.stderr)]).toEqual([0, true]);
    expect(await shop.states()).toEqual({ [hidden]: "stuck", [other]: `confirmed as pageview_${other}` });
    expect(await shop.counted()).toEqual([`pageview_${other}`]);
  });

  test("all of them, where row-level security is on and no policy was made", async ({ shop, role }) => {
    const sales = await twoSales(shop);
    const { code, stderr } = await role.run("resend --hours 24 --yes");
    expect(code).toBe(0);
    expect(stderr).toMatch(warning);
    expect(stderr).toContain("nothing to resend");
    expect(await shop.states()).toEqual({ [sales[0]]: "stuck", [sales[1]]: "stuck" });
    expect(await shop.requests()).toEqual([]);
  });

  test("is no matter for a role that policies do not hold for", async ({ shop, role }) => {
    const [one] = await twoSales(shop);
    await role.say(hides);
    const { stdout, stderr } = await shop.run("find-stuck --hours 24");
    expect(stdout).toContain(`\n${one}\t`);
    expect(stderr).not.toContain("row-level");
  });
});

describe.concurrent("a policy that lets nobody update", () => {
  test("keeps a sale from being sent, and is told beside the lock that it looks like", async ({
    shop,
    role,
  }) => {
    const [bound, free] = await twoSales(shop);
    await role.say(shows, "create policy write on payments for update using (bot_id <> 19)");
    const { code, stdout, stderr } = await role.run("resend --hours 24 --yes");
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${bound}\\t.*\\tleft\\t.*nothing was sent: its row was locked`, "m"));
    expect(stderr).toContain("a sale that they let nobody update is told as locked by somebody else");
    expect(await shop.states()).toEqual({ [bound]: "stuck", [free]: `confirmed as pageview_${free}` });
    expect(await shop.counted()).toEqual([`pageview_${free}`]);
    expect((await shop.attempts())?.map(({ sale }) => sale)).toEqual([free]);
  });
});

describe.concurrent("a policy that forbids what a row would become", () => {
  const forbids = `${writes} with check (bot_id <> 19)`;

  test("is a refusal of that row alone: the acceptance stays on record, and it is never sent again", async ({
    shop,
    role,
  }) => {
    const [bound, free] = await twoSales(shop);
    await role.say(shows, forbids);
    const sent = await role.run("resend --hours 24 --yes");
    expect(sent.code).toBe(1);
    expect(sent.stdout).toMatch(new RegExp(`^${bound}\\t.*row-level security policy`, "m"));
    const attempts = (await shop.attempts())?.toSorted((a, b) => a.sale - b.sale);
    expect(attempts).toMatchObject([
      { sale: bound, answer: "accepted", effect: "overtaken", settled: true },
      { sale: free, answer: "accepted", effect: "confirmed", settled: true },
    ]);
    expect(await shop.states()).toEqual({ [bound]: "stuck", [free]: `confirmed as pageview_${free}` });

    const again = await role.run("resend --hours 24 --yes");
    expect(again.stdout).toMatch(new RegExp(`^${bound}\\t.*\\tdelivered\\tleft\\t`, "m"));
    const confirmed = await role.run("confirm --hours 24 --yes");
    expect(confirmed.code).toBe(1);
    expect(confirmed.stdout).toContain("row-level security policy");
    expect(await shop.counted()).toEqual([`pageview_${bound}`, `pageview_${free}`].toSorted());

    await role.say("alter table payments disable row level security");
    expect((await role.run("confirm --hours 24 --yes")).code).toBe(0);
    expect(await shop.states()).toMatchObject({ [bound]: `confirmed as pageview_${bound}` });
  });

  test("keeps a revert from one sale, not from the others", async ({ shop, role }) => {
    const [bound, free] = await twoSales(shop);
    await role.say(shows, forbids);
    const { code, stdout } = await role.run(`revert --id ${bound},${free}`);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${bound}\\t.*\\tovertaken\\t.*row-level security policy`, "m"));
    expect(await shop.states()).toEqual({ [bound]: "stuck", [free]: "not flagged" });
    expect(await shop.requests()).toEqual([]);
  });
});
