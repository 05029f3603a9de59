import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openRedis, type Redis } from "../../src/celery/redis.js";
import { buildPurchase, type PurchaseEvent } from "../../src/meta/purchase-event.js";
import { purchaseText } from "../../src/meta/purchase-text.js";
import { openPurchases } from "../../src/meta/purchases.js";
import { Secret } from "../../src/redact.js";
import type { BotUser, Customer, PaymentCustomer } from "../../src/sales/customer.js";
import { openTracking, type TrackingSource } from "../../src/tracking/open.js";
import { celeryParts } from "../cast/celery.js";
import { startRedis, type RedisServer } from "../cast/redis.js";
import { wire, type Wire } from "../cast/resp.js";
import { customer, PAID_AT, pool, sale } from "../meta/customers.js";

const parts = celeryParts();
let server: RedisServer;
let shop: Wire;
let redis: Redis;
let warnings: string[];

beforeAll(async () => {
  if (!parts.available) return;
  server = await startRedis();
  shop = await wire(server.port);
  redis = await openRedis(new Secret(server.url()), { deadlineMs: 2_000, name: "test" });
});
afterAll(async () => {
  await redis?.close();
  await shop?.close();
  await server?.stop();
});
beforeEach(async () => {
  warnings = [];
  if (parts.available) await shop.send(["FLUSHDB"]);
});

const source = (connect: () => Promise<Redis> = async () => redis, deadlineMs = 2_000): TrackingSource =>
  openTracking({ connect, warn: (line) => warnings.push(line), deadlineMs });
const store = (key: string, data: object | string) =>
  shop.send(["SET", `tracking:${key}`, typeof data === "string" ? data : JSON.stringify(data)]);
const who = (payment: Partial<PaymentCustomer>, botUser: Partial<BotUser> | null = null): Customer =>
  customer({ customerUserId: "7001", ...payment }, botUser);

async function tracked(one: Customer, from = source()) {
  return (await from.of([sale], new Map([[sale.id, one]]))).get(sale.id) ?? null;
}

describe.skipIf(!parts.available)("the tracking data of a sale", () => {
  test("is that of the bot user's session, else of the payment's token, payment id, or click; never a mixture", async () => {
    const known = who(
      { trackingToken: "token", fbclid: "IwAR0" },
      { trackingSessionId: "0123456789abcdef0123456789abcdef" },
    );
    await store("fbclid:IwAR0", "click");
    await store("click", { grim: "by click" });
    expect(await tracked(known)).toMatchObject({ grim: "by click" });
    await store(`payment:${sale.paymentId}`, { grim: "by payment" });
    expect(await tracked(known)).toMatchObject({ grim: "by payment" });
    await store("token", { grim: "by token" });
    expect(await tracked(known)).toMatchObject({ grim: "by token" });
    await store("0123456789abcdef0123456789abcdef", { fbp: "of the session" });
    expect(await tracked(known)).toMatchObject({ fbp: "of the session", grim: null });
    expect(warnings).toEqual([]);
  });

  test("is absent without a word where there is none", async () => {
    await store("somebody-elses", { grim: "x" });
    expect(await tracked(who({ trackingToken: "token", fbclid: "IwAR0" }))).toBeNull();
    expect(await tracked(who({}))).toBeNull();
    expect((await source().of([sale], new Map())).size).toBe(0);
    expect((await source().of([], new Map())).size).toBe(0);
    expect(warnings).toEqual([]);
  });

  test("that cannot be read is left out, counted, and the next place is looked at", async () => {
    await store("token", "{'grim': 'python'}");
    await store(`payment:${sale.paymentId}`, { grim: "by payment" });
    const from = source();
    const known = who({ trackingToken: "token" });
    expect(await tracked(known, from)).toMatchObject({ grim: "by payment" });
    expect(await tracked(known, from)).toMatchObject({ grim: "by payment" });
    expect(warnings).toEqual([
      "some of the application's tracking data could not be read and is left out (entries: 1)",
    ]);
  });

  test("of another type, or of megabytes, is left where it is", async () => {
    await shop.send(["LPUSH", "tracking:token", "x"]);
    await store("session", JSON.stringify({ grim: "x".repeat(5_000_000) }));
    const known = who({ trackingToken: "token" }, { trackingSessionId: "session" });
    expect(await tracked(known)).toBeNull();
    expect(warnings).toEqual([]);
  });

  test("is read for a thousand sales in few calls, and nothing is written", async () => {
    const sales = Array.from({ length: 1_000 }, (_, at) => ({ ...sale, id: at, paymentId: `BOT1_${at}` }));
    const customers = new Map(sales.map(({ id }) => [id, who({ trackingToken: `token-${id}` })]));
    for (const { id } of sales) {
      if (id % 2 === 0) await store(`token-${id}`, { pageview_event_id: `pageview_${id}` });
    }
    const names: string[] = [];
    const counted = async (): Promise<Redis> => ({
      ...redis,
      send: async (args, options) => {
        names.push(String(args[0]));
        return await redis.send(args, options);
      },
    });
    const ids = await source(counted).eventIds(sales, customers);
    expect(ids.size).toBe(500);
    expect(ids.get(998)).toBe("pageview_998");
    expect(new Set(names)).toEqual(new Set(["STRLEN", "MGET"]));
    expect(names.filter((name) => name === "MGET").length).toBeLessThanOrEqual(20);
  });

  test("needs no more rights than docs/operating.md grants", async () => {
    const docs = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
    const [, , ...words] = /^ACL SETUSER .*$/m.exec(docs)?.[0].split(" ") ?? [];
    await shop.send(["ACL", "SETUSER", ...words]);
    const url = new Secret(`redis://purchase_fix_tracking:password@127.0.0.1:${server.port}/0`);
    const limited = await openRedis(url, { deadlineMs: 2_000, name: "test" });
    await store("token", { grim: "x" });
    expect(
      await tracked(
        who({ trackingToken: "token" }),
        source(async () => limited),
      ),
    ).toMatchObject({ grim: "x" });
    await expect(limited.send(["SET", "tracking:token", "x"])).rejects.toThrow("does not allow");
    await limited.close();
    expect(warnings).toEqual([]);
  });

  test("without an event id tells none", async () => {
    await store("token", { grim: "x" });
    const ids = await source().eventIds([sale], new Map([[sale.id, who({ trackingToken: "token" })]]));
    expect(ids.size).toBe(0);
  });
});

describe.skipIf(!parts.available)("the Purchase", () => {
  const purchase = async (known: Customer): Promise<PurchaseEvent> => {
    const { sender } = openPurchases({
      customers: async () => new Map([[sale.id, known]]),
      tracking: source(),
      credentials: { lack: null, fault: async () => null, token: async () => new Secret("token-of-pixel-1") },
      graph: async () => Promise.reject(new Error("nothing is sent here")),
      pixelId: null,
      currency: "BRL",
    });
    const identity = { eventId: "pageview_3f", pool };
    const planned = [{ judged: { sale, identity } }] as unknown as Parameters<typeof sender.build>[0];
    const built = (await sender.build(planned, PAID_AT + 3_600_000)).get(sale.id);
    if (built === undefined || !("event" in built)) throw new Error("no event");
    return JSON.parse(built.event as string) as PurchaseEvent;
  };
  const known = who(
    { trackingToken: "token", fbp: "fb.1.1.11", fbc: "fb.1.1.OfPayment" },
    { ipAddress: "10.0.0.1", userAgent: "of bot_users" },
  );

  test("carries address, browser, click and page of the tracking data", async () => {
    const fields = {
      client_ip: "189.4.12.7",
      client_user_agent: "Mozilla/5.0",
      fbp: "fb.1.1763607031000.22",
      fbc: "fb.1.1763607031000.IwAR0",
      fbc_origin: "cookie",
      event_source_url: "https://loja.example/go/red1",
    };
    await store("token", fields);
    const event = await purchase(known);
    expect(event.event_source_url).toBe(fields.event_source_url);
    expect(event.user_data).toMatchObject({
      client_ip_address: fields.client_ip,
      client_user_agent: fields.client_user_agent,
      fbp: fields.fbp,
      fbc: fields.fbc,
    });
  });

  test("does not carry an fbc that the application made up", async () => {
    await store("token", {
      fbc: "fb.1.1763607031000.MadeUp",
      fbc_origin: "synthetic",
      client_ip: "189.4.12.7",
    });
    expect((await purchase(known)).user_data).toMatchObject({
      client_ip_address: "189.4.12.7",
      fbc: "fb.1.1.OfPayment",
    });
    const copied = { ...known, payment: { ...known.payment, fbc: "fb.1.1763607031000.MadeUp" } };
    expect((await purchase(copied)).user_data).not.toHaveProperty("fbc");
  });

  test("is what the database has where Redis knows nothing", async () => {
    const built = buildPurchase({
      sale,
      customer: known,
      pool,
      eventId: "pageview_3f",
      currency: "BRL",
      now: PAID_AT + 3_600_000,
    });
    if ("fault" in built) throw new Error(built.fault);
    expect(await purchase(known)).toEqual(JSON.parse(purchaseText(built.event)));
  });
});

describe("a Redis that cannot be asked is no error: one line tells", () => {
  const known = who({ trackingToken: "token" });

  test("where it is not reached, and it is not tried again", async () => {
    let tries = 0;
    const from = source(async () => {
      tries += 1;
      throw new Error("nobody listens at the Redis 127.0.0.1:1/0");
    });
    expect(await tracked(known, from)).toBeNull();
    expect(await tracked(known, from)).toBeNull();
    expect(tries).toBe(1);
    expect(warnings).toEqual([
      "the application's tracking data is not used: nobody listens at the Redis 127.0.0.1:1/0",
    ]);
  });

  test("where it accepts and never answers", async () => {
    const silent: Server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const url = new Secret(`redis://127.0.0.1:${port}/0`);
    const connect = () => openRedis(url, { deadlineMs: 60_000, name: "test", signal: stopped.signal });
    const stopped = new AbortController();
    expect(await tracked(known, source(connect, 100))).toBeNull();
    expect(warnings).toEqual(["the application's tracking data is not used: no answer within 0.1 s"]);
    stopped.abort();
    silent.close();
  });

  test.each([
    ["answers nonsense", async () => "OK"],
    ["does not let us read", async () => Promise.reject(new Error("NOPERM this user has no permissions"))],
  ])("where it %s", async (_, send) => {
    expect(
      await tracked(
        known,
        source(async () => ({ ...redis, send })),
      ),
    ).toBeNull();
    expect(warnings).toHaveLength(1);
  });
});
