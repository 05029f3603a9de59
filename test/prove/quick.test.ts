/* oxlint-disable no-empty-pattern -- vitest reads from the pattern what a fixture needs, be it nothing */
import { inject, test as base, describe, expect } from "vitest";
import type { Case } from "../../prove/crash.js";
import { crashCases } from "../../prove/crash.js";
import { networkCases } from "../../prove/network.js";
import { atPlaces } from "../../prove/places.js";
import { openPlace } from "../../prove/shops.js";
import type { Place } from "../../prove/shops.js";

/* The quick core of `npm run prove`: a few points of each kind, on the run's own server. */

const test = base.extend("places", { scope: "file" }, async ({}, { onCleanup }) => {
  const first = await openPlace(inject("postgresUrl"));
  const places = [first, ...(await Promise.all([1, 2].map(() => openPlace(first.server, first.key))))];
  onCleanup(async () => void (await Promise.all(places.map(({ graph }) => graph.stop()))));
  return places;
});

/** The cases that did not come to their point, or after which an invariant does not hold. */
async function failing(places: readonly Place[], cases: readonly Case[]): Promise<unknown[]> {
  const ended = await atPlaces(places, cases, async (place, one) => ({
    case: one.name,
    ...(await one.play(place)),
  }));
  return ended.filter(({ struck, violations }) => !struck || violations.length > 0);
}

describe("after a crash and the next clean run", () => {
  test(
    "no sale is lost, none counts twice, and each change is on record",
    { timeout: 300_000 },
    async ({ places }) => {
      const { cases } = await crashCases(places, { kill: 3, twoRunners: 1, cut: 1 }, (name) =>
        name.endsWith("many"),
      );
      expect(cases).toHaveLength(25);
      expect(await failing(places, cases)).toEqual([]);
    },
  );

  test(
    "a network that fails at the commit changes nothing about that",
    { timeout: 300_000 },
    async ({ places }) => {
      const [first] = places;
      if (!first) return;
      const cases = await networkCases(first);
      const some = cases.filter(({ name }) => /late|not found|before commit/.test(name));
      expect(some).toHaveLength(7);
      expect(await failing(places, some)).toEqual([]);
    },
  );
});
