import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inMemory } from "./sides/memory.js";
import { play } from "./sides/play.js";
import type { PostgresSide } from "./sides/postgres.js";
import { onPostgres } from "./sides/postgres.js";
import { anyStory } from "./sides/story.js";

/*
 * Simulation and schedules prove something of the product only as far as the doubles that they drive do what PostgreSQL
 * does. So the same story is played on both, and all that can be seen of it must be the same, up to ids and times: what
 * each call answers, the rows, the journal, and the evidence that follows from it.
 */

/** What a story must have met for its silence to mean something. */
const effects = ["confirmed", "reverted", "restored", "kept", "overtaken"].map((one) => `"effect":"${one}"`);
const refusals = ["LeaseLost", "WriteRefused", '"holder"', '"by":"lock"', '"by":"sibling"', '"locked":[1'];
const evidence = [
  '"unsettled":true',
  "and was undone",
  '"journalled":true',
  '"acceptedAt":"',
  '"countedAs":"',
];
const cases = ['"claimed":[{', "the row could not be had", ...effects, ...refusals, ...evidence];

describe("the doubles in memory, beside PostgreSQL", () => {
  let postgres: PostgresSide;
  beforeAll(async () => {
    postgres = await onPostgres();
  });
  afterAll(() => postgres?.close());

  test("do and tell the same in every story", { timeout: 600_000 }, async () => {
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyStory, async (story) => {
        const memory = await play(inMemory(), story);
        const real = await play(postgres, story);
        // The tool of the test compares large trees slowly: it is asked for the words of a difference alone.
        if (!isDeepStrictEqual(memory, real)) expect(memory).toEqual(real);
        const told = JSON.stringify(memory);
        for (const one of cases) if (told.includes(one)) met.add(one);
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(cases.filter((one) => !met.has(one))).toEqual([]);
  });
});
