import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { purchaseFix } from "../cast/binary.js";
import type { ShopDatabase } from "../cast/database.js";
import { bareShop, copyOf, emptyDatabase } from "../cast/database.js";
import { insertBot, insertSale } from "../cast/shop.js";

/** Two sales, of which one was reverted: the journal exists, and knows where. */
let original: Awaited<ReturnType<typeof bareShop>>;
let sales: readonly [number, number];

beforeAll(async () => {
  original = await bareShop();
  await at(original.url, async (client) => {
    const bot = await insertBot(client, { id: 1 });
    const sell = () => insertSale(client, { botId: bot, flaggedHoursAgo: 30, paidHoursAgo: 30 });
    sales = [await sell(), await sell()];
  });
  expect((await run(original.url, `revert --id ${sales[0]}`)).code).toBe(0);
});

afterAll(() => original?.drop());

async function at<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const run = (url: string, words: string) =>
  purchaseFix(
    [...words.split(" "), "--no-broker"].filter(
      (word) => word !== "--no-broker" || !/^(init|journal)/.test(words),
    ),
    {
      env: { DATABASE_URL: url },
    },
  );

async function inCopy(work: (copy: ShopDatabase) => Promise<void>): Promise<void> {
  const copy = await copyOf(original.name);
  try {
    await work(copy);
  } finally {
    await copy.close();
  }
}

const everything = (db: ShopDatabase) =>
  db.query(
    "select p::text as row from payments p union all select a::text from purchase_fix.attempt a order by 1",
  );

describe.concurrent("a copy of the database", () => {
  test("is looked at with a warning, and nothing in it is changed until init --adopt", async () => {
    await inCopy(async (copy) => {
      const before = await everything(copy);
      for (const words of [
        "find-stuck --hours 48",
        "journal",
        `explain ${sales[1]}`,
        `revert --id ${sales[1]} --dry-run`,
      ]) {
        const { code, stderr } = await run(copy.url, words);
        expect([words, code]).toEqual([words, 0]);
        expect(stderr).toContain(`warning: this journal was written in another database (${original.name})`);
      }
      const words = [`revert --id ${sales[1]}`, `confirm --id ${sales[1]} --event-id x --reason seen`];
      for (const refused of words) {
        const { code, stdout, stderr } = await run(copy.url, refused);
        expect([refused, code, stdout]).toEqual([refused, 2, ""]);
        expect(stderr).toContain(`error: This journal was written in another database (${original.name})`);
        expect(stderr).toContain("if this is the new home of the shop: purchase-fix init --adopt");
      }
      expect(await everything(copy)).toEqual(before);
    });
  });

  test("refuses undo, too", async () => {
    await inCopy(async (copy) => {
      const [{ id } = { id: "" }] = await copy.query<{ id: string }>("select id from purchase_fix.run");
      expect((await run(copy.url, `undo ${id} --yes`)).code).toBe(2);
    });
  });

  test("becomes the journal's home by init --adopt, on record as a run; a second time does nothing", async () => {
    await inCopy(async (copy) => {
      expect((await run(copy.url, "init")).stderr).toContain("if this is the new home of the shop");
      const { code, stderr } = await run(copy.url, "init --adopt");
      expect(stderr).toMatch(
        new RegExp(`run [0-9a-f]{12}: the journal of ${original.name} is at home in this database now`),
      );
      expect(code).toBe(0);
      expect(
        await copy.query(
          "select r.command, r.summary, h.database_name, h.adopted_by is not null as signed from purchase_fix.home h join purchase_fix.run r on r.id = h.run_id",
        ),
      ).toEqual([
        {
          command: "init",
          summary: { adopted: copy.name, from: original.name },
          database_name: copy.name,
          signed: true,
        },
      ]);
      expect((await run(copy.url, "init --adopt")).stderr).toContain("home already");
      expect(await copy.query("select count(*)::integer as homes from purchase_fix.home")).toEqual([
        { homes: 2 },
      ]);
      const reverted = await run(copy.url, `revert --id ${sales[1]}`);
      expect([reverted.code, reverted.stderr]).toEqual([0, expect.not.stringContaining("warning")]);
    });
  });

  test("does not trouble its origin, nor does another name for that", async () => {
    const { stderr, code } = await run(original.url, "find-stuck --hours 48");
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("warning")]);
  });
});

describe.concurrent("the journal's home", () => {
  test("is another server by its identifier, even where the oids agree", async () => {
    await inCopy(async (copy) => {
      await run(copy.url, "init --adopt");
      await copy.query("update purchase_fix.home set system_identifier = '1'");
      expect((await run(copy.url, `revert --id ${sales[1]}`)).code).toBe(2);
      // A role that may not read the identifier compares what it can.
      await copy.query("revoke execute on function pg_control_system() from public");
      const role = `guest_${copy.name}`;
      await copy.query(
        `create role ${role} login; grant select, update on payments, bots to ${role};
         grant select on pool_bots, redirect_pools, bot_users to ${role};
         grant usage on schema purchase_fix to ${role};
         grant select, insert, update on all tables in schema purchase_fix to ${role}`,
      );
      const url = new URL(copy.url);
      url.username = role;
      try {
        expect((await run(url.href, `revert --id ${sales[1]}`)).code).toBe(0);
      } finally {
        await copy.query(`drop owned by ${role}; drop role ${role}`);
      }
    });
  });

  test("stays through a rename, and a fail-over, which changes the timeline alone", async () => {
    await inCopy(async (copy) => {
      await run(copy.url, "init --adopt");
      await copy.query("update purchase_fix.home set database_name = 'loja_before'");
      expect((await run(copy.url, `revert --id ${sales[1]}`)).code).toBe(0);
      const columns = await copy.query<{ name: string }>(
        "select attname as name from pg_attribute where attrelid = 'purchase_fix.home'::regclass and attnum > 0 order by 1",
      );
      expect(columns.map(({ name }) => name)).not.toContain("timeline");
    });
  });

  test("is made without the identifier by a role that may not read it", async () => {
    const shop = await bareShop();
    const role = `maker_${shop.name}`;
    const url = new URL(shop.url);
    url.username = role;
    await at(shop.url, (client) =>
      client.query(
        `revoke execute on function pg_control_system() from public;
         create role ${role} login; grant create on database ${shop.name} to ${role}`,
      ),
    );
    try {
      expect((await run(url.href, "init")).code).toBe(0);
      const homes = await at(shop.url, (client) =>
        client.query("select system_identifier as system, database_name as name from purchase_fix.home"),
      );
      expect(homes.rows).toEqual([{ system: null, name: shop.name }]);
    } finally {
      await at(shop.url, (client) => client.query(`drop owned by ${role} cascade; drop role ${role}`));
      await shop.drop();
    }
  });
});

const tools = existsSync("/usr/lib/postgresql")
  ? readdirSync("/usr/lib/postgresql")
      .map((version) => join("/usr/lib/postgresql", version, "bin"))
      .find((folder) => existsSync(join(folder, "pg_dump")) && existsSync(join(folder, "psql")))
  : undefined;

test.skipIf(tools === undefined && process.env["CI"] !== "true")(
  "a dump that was restored is another database",
  async () => {
    const restored = await emptyDatabase("restored");
    try {
      const dump = execFileSync(join(tools ?? "", "pg_dump"), ["--no-owner", original.url]);
      execFileSync(join(tools ?? "", "psql"), ["--quiet", "--set", "ON_ERROR_STOP=1", restored.url], {
        input: dump,
      });
      const { code, stderr } = await run(restored.url, `revert --id ${sales[1]}`);
      expect(stderr).toContain(`error: This journal was written in another database (${original.name})`);
      expect(code).toBe(2);
      expect((await run(restored.url, "init --adopt")).code).toBe(0);
      expect((await run(restored.url, `revert --id ${sales[1]}`)).code).toBe(0);
    } finally {
      await restored.close();
    }
  },
);
