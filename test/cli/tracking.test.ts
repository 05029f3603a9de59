import { afterAll, beforeAll, describe, expect } from "vitest";
import { freePort } from "../../demo/postgres-watchdog.js";
import { keepSecret } from "../cast/binary.js";
import { celeryParts } from "../cast/celery.js";
import { startRedis, type RedisServer } from "../cast/redis.js";
import { wire, type Wire } from "../cast/resp.js";
import { test } from "./fixtures.js";

const parts = celeryParts();
let server: RedisServer;
let redis: Wire;

beforeAll(async () => {
  if (!parts.available) return;
  server = await startRedis();
  redis = await wire(server.port);
});
afterAll(async () => {
  await redis?.close();
  await server?.stop();
});

const click = {
  client_ip: "189.4.12.7",
  client_user_agent: "Mozilla/5.0 (Linux; Android 14)",
  fbp: "fb.1.1763607031000.1098115397",
  fbc: "fb.1.1763607031000.IwAR0OfTheClick",
};
for (const [what, value] of Object.entries(click)) keepSecret(`a customer's ${what}`, value);

async function track(token: string, data: object): Promise<void> {
  await redis.send(["SET", `tracking:${token}`, JSON.stringify({ ...click, ...data })]);
}

describe.skipIf(!parts.available)("resend with the application's Redis", () => {
  test("tells Meta address, browser and click of the sale's tracking data", async ({ shop }) => {
    const sale = await shop.sale({ extra: { tracking_token: "click-a" } });
    const other = await shop.sale();
    await track("click-a", { fbc_origin: "cookie" });
    const { code, stderr } = await shop.run(`resend --id ${sale},${other}`, {
      env: { REDIS_URL: server.url() },
    });
    const [first, second] = (await shop.ledger()).toSorted((a, b) => Number(a.sale) - Number(b.sale));
    const keys = ["client_ip_address", "client_user_agent", "fbp", "fbc"];
    expect(first?.userDataKeys).toEqual(expect.arrayContaining(keys));
    expect(second?.userDataKeys.filter((key) => keys.includes(key))).toEqual([]);
    expect(stderr).not.toContain("tracking");
    expect(code).toBe(0);
  });

  test("keeps a click id that the application made up to itself", async ({ shop }) => {
    const sale = await shop.sale({ extra: { tracking_token: "click-b" } });
    await track("click-b", { fbc_origin: "synthetic" });
    await shop.run(`resend --id ${sale}`, { env: { REDIS_URL: server.url() } });
    const [entry] = await shop.ledger();
    expect(entry?.userDataKeys).toContain("fbp");
    expect(entry?.userDataKeys).not.toContain("fbc");
  });
});

test("a Redis that cannot be reached is told once, and the sales are sent", async ({ shop }) => {
  const sales = [await shop.sale(), await shop.sale()];
  const env = { REDIS_URL: `redis://:senha-do-redis@127.0.0.1:${await freePort()}/0` };
  keepSecret("the password of Redis", "senha-do-redis");
  const { code, stderr } = await shop.run(`resend --id ${sales.join(",")}`, { env });
  expect(stderr.match(/tracking data is not used: nobody listens at the Redis/g)).toHaveLength(1);
  expect(await shop.counted()).toEqual(sales.map((id) => `pageview_${id}`));
  expect(code).toBe(0);
});
