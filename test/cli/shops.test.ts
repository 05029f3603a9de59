import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { describe, expect } from "vitest";
import { insertPool } from "../cast/shop.js";
import type { Shop } from "./fixtures.js";
import { test, tokenOf } from "./fixtures.js";

describe.concurrent("resend in other shops", () => {
  test("serves several pixels in one run, each event where it belongs", async ({ shop }) => {
    const [one, two] = [await shop.sale(), await shop.sale({ botId: shop.bots[1] })];
    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    const places = (await shop.ledger()).map(({ pixel, eventId }) => `${pixel} ${eventId}`);
    expect(places.toSorted()).toEqual([
      `${shop.pixels[0]} pageview_${one}`,
      `${shop.pixels[1]} pageview_${two}`,
    ]);
  });

  test("prefers the sale's own pool to those of its bot", async ({ shop }) => {
    const sale = await shop.sale({ poolId: shop.pools[1] });
    expect((await shop.run(`resend --id ${sale}`)).code).toBe(0);
    expect(await shop.ledger()).toMatchObject([{ pixel: shop.pixels[1], eventId: `pageview_${sale}` }]);
  });

  test("takes the lowest of several enabled pools, never a disabled one, and says so", async ({ shop }) => {
    const { db, bots, pools, pixels, key } = shop;
    await db.query("update pool_bots set is_enabled = false where pool_id = $1", [pools[0]]);
    const add = () =>
      insertPool(db.witness, { pixelId: pixels[1], token: tokenOf(pixels[1]), key, bots: [bots[0]] });
    const [third, fourth] = [await add(), await add()];
    const sale = await shop.sale();
    const { code, stderr } = await shop.run(`resend --id ${sale}`);
    expect(stderr).toContain(
      `bot Violão em Casa is in several enabled pools: using pool ${third} (it has ${third} and ${fourth})\n`,
    );
    expect(await shop.ledger()).toMatchObject([{ pixel: pixels[1] }]);
    expect(code).toBe(0);
  });

  test.for(["META_ACCESS_TOKEN", "META_ACCESS_TOKEN_FILE"])(
    "serves a shop without pools by META_PIXEL_ID and %s",
    async (variable, { shop, folder }) => {
      await shop.db.query("drop table pool_bots, redirect_pools cascade");
      const sale = await shop.sale();
      const token = tokenOf(shop.pixels[0]);
      const given = variable.endsWith("FILE") ? folder.write("token", `${token}\n`, 0o600) : token;
      const env = { ENCRYPTION_KEY: undefined, META_PIXEL_ID: shop.pixels[0], [variable]: given };
      const { code, stderr } = await shop.run(`resend --id ${sale}`, { env });
      expect(stderr).not.toContain("warning");
      expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
      expect(await shop.ledger()).toMatchObject([{ pixel: shop.pixels[0], eventId: `pageview_${sale}` }]);
      expect(code).toBe(0);
    },
  );

  test("serves a shop that has only the tables and columns of the incident's query", async ({ shop }) => {
    await shop.db.query("drop table pool_bots, redirect_pools, bot_users cascade");
    const sale = await shop.sale();
    const kept = `id, payment_id, status, bot_id, amount, customer_user_id, paid_at, created_at,
                  meta_purchase_sent, meta_event_id, meta_purchase_sent_at`;
    await shop.db.query(`create table smaller as select ${kept} from payments`);
    await shop.db.query("drop table payments");
    await shop.db.query("alter table smaller rename to payments");
    const env = { META_PIXEL_ID: shop.pixels[0], META_ACCESS_TOKEN: tokenOf(shop.pixels[0]) };
    const { code } = await shop.run(`resend --id ${sale} --accept-duplicate`, { env });
    expect(await shop.states()).toEqual({ [sale]: `confirmed as purchase_${sale}` });
    expect(await shop.counted()).toEqual([`purchase_${sale}`]);
    expect(code).toBe(0);
  });
});

describe.concurrent("a row that moves between the plan and the claim", () => {
  test.for([
    ["status = 'cancelled'", "the sale is cancelled now", "cancelled"],
    ["meta_event_id = 'pageview_theirs'", "confirmed meanwhile with event id pageview_theirs", null],
    ["amount = 1", "its amount changed from 97 to 1", "stuck"],
    ["meta_purchase_sent_at = meta_purchase_sent_at + interval '1 microsecond'", "flagged anew at ", "stuck"],
  ] as const)("is not sent: %s", async ([change, reason, state], { shop }) => {
    const sale = await shop.sale();
    const other = await shop.sale();
    expect((await shop.run("init")).code).toBe(0);
    const { code, stdout } = await betweenPlanAndClaim(
      shop,
      `resend --id ${sale},${other}`,
      async (client) => {
        await client.query(`update payments set ${change} where id = $1`, [sale]);
      },
    );
    expect(stdout).toContain(`nothing was sent: ${reason}`);
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({
      [sale]: state ?? "confirmed as pageview_theirs",
      [other]: `confirmed as pageview_${other}`,
    });
    expect(await shop.counted()).toEqual([`pageview_${other}`]);
  });
});

/** Holds the run lock's table until the program waits for it, and changes the shop meanwhile. */
async function betweenPlanAndClaim(shop: Shop, words: string, change: (client: Client) => Promise<void>) {
  const client = new Client({ connectionString: shop.db.url });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("lock table purchase_fix.lease in access exclusive mode");
    const running = shop.start(words);
    while ((await waitingSessions(shop)) === 0) await sleep(10);
    await change(client);
    await client.query("commit");
    return await running.ended;
  } finally {
    await client.end();
  }
}

async function waitingSessions({ db }: Shop): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::integer as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}
