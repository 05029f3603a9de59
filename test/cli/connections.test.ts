import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { schemaSql } from "../../src/queries/journal-schema.js";
import { test as plain } from "./fixtures.js";

/** The shop's URL for a role that may have two sessions. */
const test = plain.extend("narrow", async ({ shop }, { onCleanup }) => {
  const role = `few_${randomBytes(4).toString("hex")}`;
  const say = async (...statements: readonly string[]) => {
    for (const statement of statements) await shop.db.query(statement);
  };
  await say(
    schemaSql,
    `create role ${role} login connection limit 2`,
    `grant select, update on payments to ${role}`,
    `grant select on bots, pool_bots, redirect_pools, bot_users to ${role}`,
    `grant usage on schema purchase_fix to ${role}`,
    `grant select, insert, update, delete on all tables in schema purchase_fix to ${role}`,
  );
  onCleanup(() => say(`drop owned by ${role}`, `drop role ${role}`));
  const url = new URL(shop.env["DATABASE_URL"] ?? "");
  url.username = role;
  return url.href;
});

test("--connections 1 sends for two pixels through a single session, and leaves one to the witness", async ({
  shop,
  narrow,
}) => {
  const [a, b] = [await shop.sale(), await shop.sale({ botId: shop.bots[1] })];
  const words = "resend --hours 24 --yes --connections";
  const { code, stderr } = await shop.run(`${words} 1`, { env: { DATABASE_URL: narrow } });
  expect(stderr).not.toContain("warning");
  expect(await shop.states()).toEqual({
    [a]: `confirmed as pageview_${a}`,
    [b]: `confirmed as pageview_${b}`,
  });
  expect(code).toBe(0);
  const none = await shop.run(`${words} 0`);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("Give a whole number from 1.")]);
});
