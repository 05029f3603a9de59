/* oxlint-disable no-empty-pattern -- vitest reads from the pattern what a fixture needs, be it nothing */
import { randomBytes } from "node:crypto";
import { describe, expect } from "vitest";
import { freePort } from "../../demo/postgres-watchdog.js";
import { startPostgres } from "../../demo/postgres.js";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { list, test as withShop, withPassword } from "./fixtures.js";
import type { Shop } from "./fixtures.js";
import { refusal } from "./refusal.js";

const password = "senha-certa-do-banco-3c";
keepSecret("the database password", password);

const test = withShop
  /** A server that asks everybody for a password. */
  .extend("server", { scope: "file" }, async ({}, { onCleanup }) => {
    const server = await startPostgres({ auth: "scram", password });
    onCleanup(() => server.stop());
    return server;
  })
  /** A role of the shop's database that may only do what the test grants. */
  .extend("role", async ({ shop }, { onCleanup }) => {
    const name = `role_${randomBytes(4).toString("hex")}`;
    await shop.db.query(`create role ${name} login password 'senha-do-papel-5d'`);
    onCleanup(async () => {
      await shop.db.query(`drop owned by ${name}`);
      await shop.db.query(`drop role ${name}`);
    });
    const url = new URL(withPassword(shop.db.url));
    url.username = name;
    url.password = "senha-do-papel-5d";
    keepSecret("the database password", url.password);
    const grant = async (what: string) => void (await shop.db.query(`grant ${what} to ${name}`));
    return { name, env: { DATABASE_URL: url.href }, grant };
  });

const look = async (url: string, words = "find-stuck") =>
  refusal(await purchaseFix(list(words), { env: { DATABASE_URL: url } }));

describe.concurrent("a database that cannot be used exits with 2", () => {
  test("where nobody listens", async () => {
    const port = await freePort();
    const lines = await look(`postgresql://ana:${password}@127.0.0.1:${port}/loja`);
    expect(lines).toEqual([
      `error: Cannot reach the database at 127.0.0.1:${port}/loja as ana`,
      expect.stringMatching(/^ {2}why: .*ECONNREFUSED/),
      "  next: check that the server runs and that DATABASE_URL (or PGHOST, PGPORT) names it",
    ]);
  });

  test("where the host has no such name", async () => {
    const [error] = await look(`postgresql://ana:${password}@banco.invalid/loja`);
    expect(error).toBe("error: Cannot find the database's host: banco.invalid:5432/loja as ana");
  });

  test("where the password is wrong, which is not echoed", async ({ server }) => {
    const wrong = "senha-errada-do-banco-9e";
    keepSecret("the wrong password", wrong);
    const url = new URL(server.url);
    url.password = wrong;
    for (const words of ["find-stuck", "resend --id 9445", "journal"]) {
      const [error] = await look(url.href, words);
      expect(error).toBe(`error: The database refused the password: ${url.host}/postgres as postgres`);
    }
  });

  test("where no password is given", async ({ server }) => {
    const url = new URL(server.url);
    url.password = "";
    expect((await look(url.href)).join("\n")).toMatch(/^error: .*password/i);
  });

  test("where there is no such database, or it holds other tables", async ({ server }) => {
    const url = new URL(server.url);
    const [lacking] = await look(url.href);
    expect(lacking).toBe("error: This database lacks table payments, table bots");
    url.pathname = "/loja";
    expect((await look(url.href))[0]).toBe(`error: There is no such database: ${url.host}/loja as postgres`);
  });
});

describe.concurrent("a shop of another shape", () => {
  test.for([
    ["alter table payments drop column meta_event_id", "column payments.meta_event_id"],
    [
      "alter table payments drop column created_at, drop column status",
      "column payments.status, column payments.created_at",
    ],
    ["drop table bots cascade", "table bots"],
  ] as const)("%s: exits with 2 and names what is missing", async ([change, missing], { shop }) => {
    await shop.sale();
    await shop.db.query(change);
    for (const words of ["find-stuck", "resend --id 1", "revert --hours 24 --yes"]) {
      expect(refusal(await shop.run(words))).toEqual([
        `error: This database lacks ${missing}`,
        "  why: finding stuck sales needs the columns of payments and bots that docs/schema.md lists",
        "  next: check that DATABASE_URL names the shop's database, and the role's search_path",
      ]);
    }
    expect(await shop.attempts()).toBeNull();
    expect(await shop.requests()).toEqual([]);
  });

  test("may lack every other table and column: find-stuck finds all the same", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.db.query("drop table pool_bots, redirect_pools, bot_users cascade");
    const needed =
      "id, payment_id, status, bot_id, meta_purchase_sent, meta_event_id, meta_purchase_sent_at, created_at";
    await shop.db.query(`create table smaller as select ${needed} from payments`);
    await shop.db.query("drop table payments");
    await shop.db.query("alter table smaller rename to payments");
    await shop.db.query("alter table bots drop column username, drop column user_id, drop column is_active");
    const { code, stdout } = await shop.run("find-stuck --json");
    expect(JSON.parse(stdout)).toMatchObject({
      sales: [
        { id: sale, botName: "Violão em Casa", amount: null, paidAt: null, eventId: `purchase_${sale}` },
      ],
    });
    expect(code).toBe(0);
  });
});

async function unchanged(shop: Shop, act: () => Promise<void>): Promise<void> {
  const before = await shop.snapshot();
  await act();
  expect(await shop.snapshot()).toEqual(before);
  expect(await shop.requests()).toEqual([]);
}

describe.concurrent("a role that may only read", () => {
  test("can look: find-stuck, a dry run, the journal", async ({ shop, role }) => {
    const sale = await shop.sale();
    await role.grant("select on all tables in schema public");
    const looked = await Promise.all(
      ["find-stuck", "resend --hours 24 --dry-run", "journal", "init --print"].map(
        async (words) => await shop.run(words, { env: role.env }),
      ),
    );
    expect(looked.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(looked[0]?.stdout).toContain(`\n${sale}\t`);
  });

  test("cannot make the journal's schema: exits with 2 and names init --print", async ({ shop, role }) => {
    const sale = await shop.sale();
    await role.grant("select, update on all tables in schema public");
    await unchanged(shop, async () => {
      for (const words of [`resend --id ${sale}`, `revert --id ${sale}`, "init"]) {
        expect(refusal(await shop.run(words, { env: role.env }))).toEqual([
          "error: The journal's schema purchase_fix cannot be created with this database role",
          expect.stringMatching(/^ {2}why: permission denied for database/),
          "  next: have an owner of the database run the output of: purchase-fix init --print (then grant: README, Privileges)",
        ]);
      }
      expect(await shop.attempts()).toBeNull();
    });
  });

  test("cannot change a sale: nothing is sent, nothing stays open, and the lock is free", async ({
    shop,
    role,
  }) => {
    const sale = await shop.sale();
    await role.grant("select on all tables in schema public");
    await role.grant(`create on database ${shop.db.name}`);
    await unchanged(shop, async () => {
      for (const words of [`resend --id ${sale}`, `revert --id ${sale}`]) {
        const [error] = refusal(await shop.run(words, { env: role.env }));
        expect(error).toMatch(/^error: The database role may not update payments\./);
      }
      expect(await shop.attempts()).toEqual([]);
    });
  });

  test("cannot see customers: resend exits with 2 and says so", async ({ shop, role }) => {
    const sale = await shop.sale();
    await role.grant("select on payments, bots, redirect_pools, pool_bots");
    await unchanged(shop, async () => {
      const lines = refusal(await shop.run(`resend --id ${sale}`, { env: role.env }));
      expect(lines[1]).toBe("  why: permission denied for table bot_users");
    });
  });
});

describe.concurrent("a journal of another build", () => {
  test("that is newer is not written to", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.run("init");
    await shop.db.query("insert into purchase_fix.version (version) values (99)");
    await unchanged(shop, async () => {
      const lines = refusal(await shop.run(`resend --id ${sale}`));
      expect(lines[0]).toBe("error: The journal in this database has schema version 99; this build knows 4");
      expect(lines.at(-1)).toBe("  next: update purchase-fix on this host");
    });
  });
});

describe.concurrent("a row that somebody keeps locked", () => {
  test("is left, with the reason: exit 1, nothing sent; the others go", async ({ shop }) => {
    const [held, free] = [await shop.sale(), await shop.sale()];
    await shop.db.query("begin");
    await shop.db.query("select from payments where id = $1 for update", [held]);
    const { code, stdout } = await shop.run(`resend --id ${held},${free}`);
    await shop.db.query("rollback");
    expect(code).toBe(1);
    expect(stdout).toContain("nothing was sent: its row was locked by somebody else");
    expect((await shop.requests()).length).toBe(1);
    expect(await shop.states()).toEqual({ [held]: "stuck", [free]: `confirmed as pageview_${free}` });
  });
});
