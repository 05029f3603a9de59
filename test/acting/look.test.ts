import { beforeEach, describe, expect, test } from "vitest";
import { counted, look, surveyOf, waves } from "../../src/acting/look.js";
import type { Look } from "../../src/acting/look.js";
import type { World } from "../cast/doubles.js";
import { everything, openWorld } from "../cast/doubles.js";
import { allOf } from "../cast/pages.js";

const hour = 3_600_000;

let world: World;
let looked: Look;
/** The newest first; the shop in memory has pages of three. */
let ids: readonly number[];

beforeEach(async () => {
  world = openWorld();
  const made = [1, 2, 3, 4, 5, 6, 7].map((age) =>
    world.shop.insert({
      createdAt: world.clock.now() - age * hour,
      flaggedAt: world.clock.now() - age * hour,
    }),
  );
  ids = made;
  looked = await look(world.context(), everything);
});

const idsOf = (judged: readonly { readonly sale: { readonly id: number } }[]) =>
  judged.map(({ sale }) => sale.id);

test("a survey holds all pages, in the report's order, and says how far it is while there are several", async () => {
  expect(idsOf((await surveyOf(looked, world.output)).judged)).toEqual(ids);
  expect(world.output.bars).toEqual([
    "looked at 6 of 7 stuck sales",
    "looked at 7 of 7 stuck sales",
    "stopped",
  ]);
});

test("of a single page nothing is told, and a bar is stopped where a page fails", async () => {
  for (const id of ids.slice(3)) world.shop.write(id, { metaEventId: "pageview_x" });
  await surveyOf(await look(world.context(), everything), world.output);
  expect(world.output.bars).toEqual([]);
  async function* failing() {
    yield* looked.pages();
    throw new Error("gone");
  }
  await expect(drained(counted({ ...looked, pages: failing }, world.output))).rejects.toThrow("gone");
  expect(world.output.bars.at(-1)).toBe("stopped");
});

const drained = async (pages: AsyncIterable<{ readonly judged: readonly unknown[] }>) =>
  await allOf(
    (async function* () {
      for await (const { judged } of pages) yield judged;
    })(),
  );

describe("waves", () => {
  test("begin with the oldest, hold whole pages, and are each judged at a moment of their own", async () => {
    let now = world.clock.now();
    const found = [];
    for await (const wave of waves(looked, 4, () => (now += hour))) found.push(wave);
    expect(found.map(({ judged }) => idsOf(judged))).toEqual([ids.slice(1).toReversed(), ids.slice(0, 1)]);
    expect(found.map(({ now: at }) => at)).toEqual([world.clock.now() + hour, world.clock.now() + 2 * hour]);
  });

  test("of nothing are none", async () => {
    for (const id of ids) world.shop.write(id, { metaEventId: "pageview_x" });
    const none = await look(world.context(), everything);
    for await (const wave of waves(none, 4, () => 0)) expect(wave).toBe("never");
    expect(none.count).toBe(0);
  });
});
