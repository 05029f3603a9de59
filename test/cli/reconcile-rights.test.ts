import { describe, expect } from "vitest";
import { migrations } from "../../src/queries/journal-schema.js";
import type { Shop } from "./fixtures.js";
import { test } from "./fixtures.js";

const schemaOf = (upTo: number) =>
  migrations
    .filter(({ version }) => version <= upTo)
    .map(({ sql }) => sql)
    .join("\n");
const granted = (tables: string) => `
  grant select on payments, bots, pool_bots, redirect_pools, bot_users to $role;
  grant update (meta_purchase_sent, meta_purchase_sent_at, meta_event_id) on payments to $role;
  grant usage on schema purchase_fix to $role;
  grant select, insert, update on ${tables} to $role;`;
const everything = granted("all tables in schema purchase_fix");

/** The program as a role that may do this much, and may not create or own anything. */
async function asGuest<T>(
  shop: Shop,
  grants: string,
  work: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const role = `guest_${shop.db.name}`;
  await shop.db.query(`create role ${role} login; ${grants.replaceAll("$role", role)}`);
  const url = new URL(shop.db.url);
  url.username = role;
  try {
    return await work({ DATABASE_URL: url.href });
  } finally {
    await shop.db.query(`drop owned by ${role}; drop role ${role}`);
  }
}

/** All that a run could have changed. */
async function everythingIn(shop: Shop) {
  const own = await shop.db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'purchase_fix' order by 1`,
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of own)
    rows[name] = await shop.db.query(`select t::text as row from ${name} t order by 1`);
  return { shop: await shop.snapshot(), own: rows, requests: await shop.requests() };
}

const yes = "reconcile --yes --no-broker --quiet";

describe.concurrent("reconcile as a role that may not do all of it", () => {
  for (const work of ["with a sale to send", "with nothing to do"]) {
    const busy = work === "with a sale to send";

    test(`refuses a schema of version 3 that it may not bring up to date, ${work}: nothing was changed`, async ({
      shop,
    }) => {
      await shop.db.query(schemaOf(3));
      if (busy) await shop.sale();
      const before = await everythingIn(shop);
      const { code, stdout, stderr } = await asGuest(shop, everything, (env) => shop.run(yes, { env }));
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(
        /^error: The journal's schema purchase_fix cannot be brought from version 3 to 4 with this database role\n {2}why: .*\n {2}next: have an owner of the database run the output of: purchase-fix init --print \(then grant: README, Privileges\)\n/,
      );
      expect(await everythingIn(shop)).toEqual(before);
    });

    test(`refuses where one of the tables of version 4 was not granted to it, ${work}: nothing was changed`, async ({
      shop,
    }) => {
      await shop.db.query(schemaOf(4));
      if (busy) await shop.sale();
      const before = await everythingIn(shop);
      for (const revoked of [
        "revoke all on purchase_fix.success, purchase_fix.release, purchase_fix.acknowledgement from $role",
        "revoke all on purchase_fix.success from $role",
        "revoke insert on purchase_fix.success from $role",
        "revoke update on purchase_fix.success from $role",
        "revoke all on purchase_fix.release from $role",
        // Windows would send what somebody lets rest.
        "revoke all on purchase_fix.acknowledgement from $role",
      ]) {
        const { code, stdout, stderr } = await asGuest(shop, everything + revoked, (env) =>
          shop.run(yes, { env }),
        );
        expect([revoked, code, stdout, stderr]).toEqual([
          revoked,
          2,
          "",
          expect.stringMatching(/^(warning: .*\n)?error: .*\n( {2}why: .*\n)? {2}next: .*README, Privileges/),
        ]);
        expect(await everythingIn(shop)).toEqual(before);
      }
    });
  }

  test("resend goes on with a schema of version 3: who mends an incident must not wait for an owner", async ({
    shop,
  }) => {
    await shop.db.query(schemaOf(3));
    const sale = await shop.sale();
    const { code } = await asGuest(shop, everything, (env) => shop.run(`resend --id ${sale}`, { env }));
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(code).toBe(0);
  });

  test.for([
    "revoke all on purchase_fix.release from $role",
    "revoke all on purchase_fix.acknowledgement from $role",
  ])("resend goes on after '%s', and says once what it does not know", async (revoked, { shop }) => {
    await shop.db.query(schemaOf(4));
    const sale = await shop.sale();
    const { code, stderr } = await asGuest(shop, everything + revoked, (env) =>
      shop.run(`resend --id ${sale}`, { env }),
    );
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(code).toBe(0);
    expect(
      stderr.match(/^warning: which sales were acknowledged, or released .* is not known: .*$/gm),
    ).toHaveLength(1);
  });
});
