import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { atPlaces } from "../../prove/places.js";
import type { Place } from "../../prove/shops.js";

const [a, b] = [{ key: "a" } as Place, { key: "b" } as Place];

test("a long job holds up its own place only, and the results keep the jobs' order", async () => {
  const done: string[] = [];
  const results = await atPlaces([a, b], ["long", "second", "third", "last"], async ({ key }, job) => {
    if (job === "long") while (done.length < 3) await turn();
    done.push(job);
    return `${job} at ${key}`;
  });
  expect(results).toEqual(["long at a", "second at b", "third at b", "last at b"]);
  expect(done).toEqual(["second", "third", "last", "long"]);
});

test("a job that fails is not swallowed", async () => {
  const fails = atPlaces([a], [1, 2], async (_, job) => {
    if (job === 2) throw new Error("the second");
    return await turn(job);
  });
  await expect(fails).rejects.toThrow("the second");
});
