import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { encryptToken } from "../../demo/fernet.js";
import { newFernetKey } from "../cast/shop.js";
import type { Shop } from "./fixtures.js";
import type { Fault } from "./wells.js";
import { alarms, env, found, sql, test, unknowns } from "./wells.js";

const pool = (name: string, of: string) => (shop: Shop) => [`${name} ${of}${shop.pools[0]}`];

const ofPools: Readonly<Record<string, Fault>> = {
  "there is no key": {
    plant: env({ ENCRYPTION_KEY: "" }),
    alarms: ["encryption-key"],
    mend: /^ENCRYPTION_KEY=… # set the application's ENCRYPTION_KEY$/,
  },
  "the key is none": {
    plant: env({ ENCRYPTION_KEY: "chave-que-nao-e-nenhuma" }),
    alarms: ["encryption-key"],
    mend: /^ENCRYPTION_KEY=… # copy it from the application's environment/,
  },
  "the token of one pool was made with another key": {
    plant: async (_, shop) => {
      const token = encryptToken(newFernetKey(), "token-of-another-time");
      await shop.db.query("update redirect_pools set meta_access_token = $1, name = null where id = $2", [
        token,
        shop.pools[0],
      ]);
    },
    alarms: pool("pool-token", "pool "),
    mend: /^store the access token of pool \d+ again/,
  },
  "a pool has no token": {
    plant: (_, shop) =>
      sql(`update redirect_pools set meta_access_token = null, name = null where id = ${shop.pools[0]}`)(_),
    alarms: pool("pool-token", "pool "),
    mend: /^store the access token of pool \d+ again/,
  },
  "a pool's pixel is no number": {
    plant: (well, shop) =>
      sql(`update redirect_pools set meta_pixel_id = 'loja', name = null where id = ${shop.pools[0]}`)(well),
    alarms: pool("pool-pixel", "pool "),
    mend: /^update redirect_pools set meta_pixel_id = '…' where id = \d+;$/,
  },
  "a bot is in two pools of different pixels": {
    plant: (well, shop) =>
      sql(
        `insert into pool_bots (pool_id, bot_id, is_enabled) values (${shop.pools[0]}, ${shop.bots[1]}, true)`,
      )(well),
    alarms: ["several-pools bot 43"],
    mend: /^update pool_bots set is_enabled = false where bot_id = 43 and pool_id in \(\d+\);$/,
  },
  "a pool has a test event code": {
    plant: (well, shop) =>
      sql(
        `update redirect_pools set meta_test_event_code = 'TEST1', name = null where id = ${shop.pools[0]}`,
      )(well),
    alarms: pool("test-event-code", "pool "),
    mend: /^update redirect_pools set meta_test_event_code = null where id = \d+;$/,
  },
};

const ofMeta: Readonly<Record<string, Fault>> = {
  "Meta does not know the token of one pool": {
    plant: async (_, shop) => {
      await shop.db.query("update redirect_pools set meta_access_token = $1 where id = $2", [
        encryptToken(shop.key, "token-of-nobody"),
        shop.pools[0],
      ]);
    },
    alarms: (shop) => [`access-token pool ${shop.pools[0]}, pixel …${shop.pixels[0].slice(-4)}`],
    mend: /^make a new access token in Meta's Events Manager, and store it for pool \d+/,
    unknowns: ["pixel"],
  },
  "a version that has ended": {
    plant: env({ META_GRAPH_VERSION: "v20.0" }),
    alarms: ["graph-version"],
    mend: /^META_GRAPH_VERSION=v26\.0$/,
    unknowns: ["access-token", "pixel", "access-token", "pixel"],
  },
};

const ofApplication: Readonly<Record<string, Fault>> = {
  "sales share an event id, and Meta folded one of them": {
    plant: async (_, shop) => {
      for (const amount of [97, 150.5]) await shop.sale({ amount, metaEventId: "pageview_shared" });
      // The same id at another bot, and long after: neither was folded.
      await shop.sale({ metaEventId: "pageview_shared", botId: shop.bots[1] });
      await shop.sale({ metaEventId: "pageview_shared", paidHoursAgo: 60 });
    },
    alarms: ["shared-event-ids"],
    mend: /purchase_/,
  },
  "the event id is stored before the event is sent": {
    plant: async (_, shop) => {
      for (let at = 0; at < 3; at += 1)
        await shop.sale({ metaEventId: `pageview_early_${at}`, flagged: false });
    },
    alarms: ["id-before-send"],
    mend: /^grep -rn meta_event_id /,
  },
  "sales are flagged without a time": {
    plant: async (_, shop) => void (await shop.sale({ flaggedHoursAgo: null })),
    alarms: ["flag-without-time"],
    mend: /^select id, payment_id, updated_at from payments /,
  },
  "a sale has no amount": {
    plant: async (_, shop) => void (await shop.sale({ amount: 0, metaEventId: "pageview_free" })),
    alarms: ["sales-without-amount"],
    mend: /^select id, payment_id, amount from payments /,
  },
  "a sale is in another currency": {
    plant: sql(
      "alter table payments add column currency varchar(3)",
      "update payments set currency = case when bot_id = 43 then 'USD' else 'BRL' end",
    ),
    alarms: ["sales-in-other-currency"],
    mend: /group by currency;$/,
  },
  "a bot with sales is in no pool": {
    plant: sql("update pool_bots set is_enabled = false where bot_id = 43"),
    alarms: ["bot-without-pool"],
    mend: /^insert into pool_bots /,
  },
};

const ofConfiguration: Readonly<Record<string, Fault>> = {
  "a pixel without its access token": {
    plant: env({ META_PIXEL_ID: "123456789" }),
    alarms: ["setting"],
    mend: /^$/,
  },
};

for (const [family, faults] of Object.entries({
  pools: ofPools,
  Meta: ofMeta,
  application: ofApplication,
  configuration: ofConfiguration,
})) {
  describe.concurrent(
    `doctor finds a fault of the ${family}, and raises no other alarm`,
    { timeout: 60_000 },
    () => {
      test.for(Object.entries(faults))("%s", found);
    },
  );
}

describe.concurrent("what cannot be told is no fault", { timeout: 60_000 }, () => {
  test("a pixel that the token cannot look at: it may be wrong, or the token may only send", async ({
    well,
    shop,
  }) => {
    await shop.db.query("update redirect_pools set meta_pixel_id = '999000999' where id = $1", [
      shop.pools[0],
    ]);
    const diagnosis = await well.doctor();
    expect(unknowns(diagnosis)).toEqual([`pixel pool ${shop.pools[0]}, pixel …0999`]);
    expect([diagnosis.code, alarms(diagnosis)]).toEqual([0, []]);
  });

  test("Meta cannot be reached", async ({ well }) => {
    const diagnosis = await well.doctor({ META_GRAPH_URL: "http://127.0.0.1:1" });
    expect(unknowns(diagnosis)).toEqual(["graph-reachable"]);
    expect([diagnosis.code, alarms(diagnosis)]).toEqual([0, []]);
  });

  test("but Meta's clock counts whatever it answers, and so does its word on the version", async ({
    well,
  }) => {
    const server = createServer((_, answer) => {
      answer.setHeader("date", new Date(Date.now() + 11 * 60_000).toUTCString());
      answer.setHeader("x-ad-api-version-warning", "The call has been auto-upgraded to v26.0");
      answer.writeHead(500).end("<html>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const diagnosis = await well.doctor({ META_GRAPH_URL: `http://127.0.0.1:${port}` });
    server.close();
    expect(alarms(diagnosis)).toEqual(["clock-graph", "graph-version"]);
    expect(diagnosis.findings.find(({ name }) => name === "clock-graph")?.what).toMatch(
      /^Meta's clock is 1[01]m( \d+s)? ahead of this host's$/,
    );
    expect(unknowns(diagnosis)).toHaveLength(4);
  });
});
