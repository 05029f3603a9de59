import { afterAll, beforeAll, describe, expect } from "vitest";
import { keepSecret } from "../cast/binary.js";
import { celeryParts } from "../cast/celery.js";
import { message, secretMail, secretToken } from "../cast/queued.js";
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

keepSecret("an access token of a task", secretToken);
keepSecret("a customer of a task", secretMail);

const flat = (text: string) => text.replaceAll(/\n +/g, " ");

describe.skipIf(!parts.available)("explain, with the broker", () => {
  test("tells of a task that waits in the queue, that nobody works, and what follows; nothing of its arguments", async ({
    shop,
  }) => {
    const sale = await shop.sale({ pageviewEventId: null });
    const id = `${sale}_1763640000`;
    await redis.send(["RPUSH", "celery", message({ id })]);
    const { code, stdout } = await shop.run(`explain ${sale}`, { env: { CELERY_BROKER_URL: server.url() } });
    const text = flat(stdout);
    expect(text).toContain("in-flight  its task is queued (broker)");
    expect(text).toContain("to pixel …7890");
    expect(text).toMatch(/person +somebody must look at it/);
    expect(text).toMatch(/workers +not well, or not known to be: no worker listens/);
    expect(text).toContain("3  its task may still run? yes: this decides");
    expect(text).toContain(`event id  purchase_${id}: known; origin evidence`);
    expect(text).toMatch(new RegExp(`broker +its task is queued.*\\(task ${id}\\)`));
    expect(text).toContain("revert   no: its own task may still send it");
    expect(stdout).not.toContain("purchase-fix revert");
    expect(code).toBe(0);
    expect(await redis.send(["LLEN", "celery"])).toBe(1);
  });

  test("that was not asked: not known is not no, and the next command does not ask it either", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const { code, stdout, stderr } = await shop.run(`explain ${sale} --no-broker`);
    expect(flat(stdout)).toContain(
      "3  its task may still run? not known: neither broker nor workers were read",
    );
    expect(stdout).toContain(`purchase-fix resend --id ${sale} --no-broker\n`);
    expect([code, stderr]).toEqual([0, ""]);
  });
});
