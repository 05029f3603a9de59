import { afterEach, describe, expect, test } from "vitest";
import { openRedis } from "../../src/celery/redis.js";
import type { Redis } from "../../src/celery/redis.js";
import { lookOnce } from "../../src/celery/queue/pass.js";
import { readResults } from "../../src/celery/results.js";
import { KnownError } from "../../src/errors.js";
import { Secret } from "../../src/redact.js";
import type { HostileRedis, Reply } from "../cast/hostile-redis.js";
import { endless, hostileRedis } from "../cast/hostile-redis.js";
import { message, token } from "../cast/messages.js";

const MB = 2 ** 20;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A connection of the product to a Redis that gives this reply to every command of the name. */
async function connected(replies: Readonly<Record<string, Reply>>, deadlineMs = 5_000): Promise<Redis> {
  const server: HostileRedis = await hostileRedis(replies);
  closing.push(server.close);
  const redis = await openRedis(new Secret(server.url), { deadlineMs, name: "hostile-test" });
  closing.push(() => redis.close());
  return redis;
}

const asked = async (reply: Reply, deadlineMs?: number): Promise<unknown> =>
  await (await connected({ LRANGE: reply }, deadlineMs)).send(["LRANGE", "celery", "0", "499"]);

async function problemOf(work: Promise<unknown>): Promise<KnownError["problem"]> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (error instanceof KnownError) return error.problem;
  throw new Error("it was not refused in words", { cause: error });
}

/** How much this process grew at most while something was done. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  await work().finally(() => clearInterval(timer));
  return Math.max(most, process.memoryUsage.rss()) - before;
}

describe("a Redis whose reply has no end is given up before it fills the memory:", () => {
  test.each<[string, Reply]>([
    ["one text of 2 GB", endless("*1\r\n$2000000000\r\n", "a")],
    ["a status line", endless("+", "a")],
    ["an error", endless("-ERR ", "a")],
  ])("%s", async (_, reply) => {
    const work = async () => expect((await problemOf(asked(reply, 20_000))).what).toMatch(/sends more than/);
    expect(await growth(work)).toBeLessThan(900 * MB);
  });

  test("a list of small elements ends at the deadline", async () => {
    const reply = endless("*2000000000\r\n", "$3\r\nabc\r\n");
    const work = async () => expect((await problemOf(asked(reply, 500))).what).toMatch(/did not answer|more/);
    expect(await growth(work)).toBeLessThan(900 * MB);
  });
});

describe("a Redis whose reply makes no sense is told in words:", () => {
  test.each<[string, Reply, RegExp]>([
    ["lists in lists, 200,000 deep", `${"*1\r\n".repeat(200_000)}:1\r\n`, /could not do what we asked/],
    ["HTTP", "HTTP/1.1 200 OK\r\n\r\n<html>", /is no Redis/],
    [
      "an error that quotes a token",
      `-ERR refused access_token=${token}&x\r\n`,
      /could not do what we asked/,
    ],
    ["a length that no number holds", "$99999999999999999999\r\n", /did not answer within/],
    ["nothing after the half", "*2\r\n$3\r\nabc\r\n", /did not answer within/],
  ])("%s", async (_, reply, what) => {
    const problem = await problemOf(asked(reply, 500));
    expect(problem.what).toMatch(what);
    expect(JSON.stringify(problem)).not.toContain(token);
  });
});

describe("what is read of a hostile broker", () => {
  const look = async (replies: Readonly<Record<string, Reply>>) =>
    await lookOnce({
      redis: await connected(replies, 500),
      queues: ["celery"],
      sendTask: "send_meta_event",
      workers: async () => null,
      now: () => 0,
      mostMessages: 1_000,
    });
  const nothing = { HSCAN: "*2\r\n$1\r\n0\r\n*0\r\n", ZRANGE: "*0\r\n", INFO: "$0\r\n\r\n" };

  test.each<[string, Reply]>([
    ["a number instead of a list", ":7\r\n"],
    ["null instead of a list", "*-1\r\n"],
    ["an error", "-ERR no\r\n"],
  ])("is incomplete and says so: %s", async (_, reply) => {
    const { messages, queues, troubles } = await look({ ...nothing, LRANGE: reply });
    expect([messages, queues]).toEqual([[], []]);
    expect(troubles.join()).toContain("queue celery could not be read");
  });

  test("a list of a million elements where 500 were asked for is counted, not kept", async () => {
    const reply = `*1000000\r\n${":1\r\n".repeat(1_000_000)}`;
    const { messages, counts, queues, troubles } = await look({ ...nothing, LRANGE: reply });
    expect([messages, counts.undecodable, queues]).toEqual([[], 4_000_000, []]);
    expect(troubles).toHaveLength(4);
  });

  test("errors and numbers in the midst of messages are no messages; those beside them are read", async () => {
    const good = message({ eventId: "pageview_good" });
    const bulk = `$${Buffer.byteLength(good)}\r\n${good}\r\n`;
    const { messages, counts } = await look({
      ...nothing,
      LRANGE: (args) => (args[1] === "celery" ? `*4\r\n-ERR ${token}\r\n:5\r\n$-1\r\n${bulk}` : "*0\r\n"),
    });
    expect(messages.map(({ eventId }) => eventId)).toEqual(["pageview_good"]);
    expect(counts).toMatchObject({ messages: 4, purchases: 1, undecodable: 3 });
  });

  test("JSON of a million brackets is undecodable, as message and as result", async () => {
    const deep = "[".repeat(1_000_000);
    const bulk = `$${deep.length}\r\n${deep}\r\n`;
    const seen = await look({
      ...nothing,
      LRANGE: (args) => (args[1] === "celery" ? `*1\r\n${bulk}` : "*0\r\n"),
    });
    expect(seen.counts).toMatchObject({ messages: 1, undecodable: 1 });
    const results = await readResults(await connected({ MGET: `*1\r\n${bulk}` }), ["one"]);
    expect([results.of.size, results.because]).toEqual([0, "1 task results are no JSON of Celery's"]);
  });

  test("a cursor that never comes to an end is left after as many messages as may be read", async () => {
    const { troubles } = await look({
      ...nothing,
      LRANGE: "*0\r\n",
      HSCAN: `*2\r\n$1\r\n7\r\n*4\r\n${"$1\r\na\r\n".repeat(4)}`,
    });
    expect(troubles).toEqual(["over 1000 messages are unacknowledged"]);
  });
});
