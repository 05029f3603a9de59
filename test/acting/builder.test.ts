import { beforeEach, describe, expect, test } from "vitest";
import type { Planned } from "../../src/sales/plan.js";
import type { World } from "../cast/doubles.js";
import { accepted, endings, openWorld, refused, sendPlan } from "../cast/doubles.js";

/** Events are built while another request is under way; whatever comes of that, only what is fresh is sent. */

const minute = 60_000;

let world: World;
/** What happened, in its order: "build 1000", "post 1000", "answer 1000". */
let told: string[];

beforeEach(() => {
  world = openWorld();
  world.graph.latencyMs = 200;
  told = [];
  for (let n = 0; n < 2_500; n += 1) world.shop.insert();
});

/** Sends all; `built` may fail. */
async function sendAll(built: (sales: readonly Planned[]) => void = () => undefined, maxRuntimeMs = 600_000) {
  const { sender } = world.context();
  return await sendPlan(world, undefined, {
    maxRuntimeMs,
    ports: {
      sender: {
        build: async (sales, now) => {
          told.push(`build ${sales.length}`);
          built(sales);
          return await sender.build(sales, now);
        },
        post: async (to, events, once) => {
          told.push(`post ${events.length}`);
          const answer = await sender.post(to, events, once);
          told.push(`answer ${events.length}`);
          return answer;
        },
      },
    },
  });
}

test("the next batch is built while one is sent, and only the next", async () => {
  const sent = await sendAll();
  expect(new Set(Object.values(endings(sent)))).toEqual(new Set(["accepted, confirmed"]));
  expect(told).toEqual([
    "build 1000",
    "post 1000",
    "build 1000",
    "answer 1000",
    "post 1000",
    "build 500",
    "answer 1000",
    "post 500",
    "answer 500",
  ]);
});

test("it is claimed only after the answer: what changes meanwhile is noticed", async () => {
  world.graph.script = ({ sales }) => {
    if (world.graph.requests.length === 1) world.shop.write(1_500, { status: "refunded" });
    return accepted(sales.length);
  };
  const sent = await sendAll();
  expect(endings(sent)).toMatchObject({ 1_499: "accepted, confirmed", 1_500: "null, overtaken" });
  expect(world.graph.requests.flatMap(({ sales }) => sales)).not.toContain(1_500);
});

test("halves of a batch that was refused come first, and the one that was built waits for them", async () => {
  world.graph.script = ({ sales }) => (sales.length === 1000 ? refused("request") : accepted(sales.length));
  await sendAll();
  expect(told.slice(0, 10)).toEqual([
    "build 1000",
    "post 1000",
    "build 1000",
    "answer 1000",
    "build 500",
    "post 500",
    "answer 500",
    "build 500",
    "post 500",
    "answer 500",
  ]);
  // Built once, and sent as it was.
  expect(told[10]).toBe("post 1000");
});

test("what was built before a long pause is built anew", async () => {
  world.graph.script = ({ sales }) =>
    world.graph.requests.length === 1 ? refused("rate", { waitMs: minute }) : accepted(sales.length);
  const sent = await sendAll();
  expect(new Set(Object.values(endings(sent)))).toEqual(new Set(["accepted, confirmed"]));
  expect(told.filter((one) => one === "build 1000")).toHaveLength(4);
});

describe("what fails while it is built ahead", () => {
  test("is built once more when its turn comes", async () => {
    const sent = await sendAll(() => {
      if (told.length === 3) throw new Error("no customers");
    });
    expect(told.slice(2, 5)).toEqual(["build 1000", "answer 1000", "build 1000"]);
    expect(sent.failure).toBeNull();
    expect(new Set(Object.values(endings(sent)))).toEqual(new Set(["accepted, confirmed"]));
  });

  test("and fails again ends the lane then, with the answer before it on record", async () => {
    const sent = await sendAll(() => {
      if (told.length > 1) throw new Error("no customers");
    });
    expect(sent.failure).toEqual(new Error("no customers"));
    expect(Object.values(endings(sent))).toEqual(Array.from({ length: 1000 }, () => "accepted, confirmed"));
    expect(world.shop.entriesOf(1)).toMatchObject([{ answer: "accepted", effect: "confirmed" }]);
  });
});

test("whoever is interrupted builds nothing ahead", async () => {
  world.graph.script = ({ sales }) => accepted(sales.length);
  await sendAll(() => world.stop.abort());
  expect(told).toEqual(["build 1000", "post 1000", "answer 1000"]);
});
