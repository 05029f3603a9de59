import { expect, test } from "vitest";
import { leftForPeople } from "../../src/acting/lines.js";
import { openWorld } from "../cast/doubles.js";

test("100,000 sales that were left for one reason are one line for people, with their money", async () => {
  const world = openWorld();
  world.shop.insert();
  const [first] = (await world.plan()).act;
  if (!first) throw new Error("nothing is planned");
  const { judged } = first;
  const left = Array.from({ length: 100_000 }, (_, at) => ({
    judged: { ...judged, sale: { ...judged.sale, id: at + 1 } },
    because: "left to its task",
    wouldAllow: `--id ${at + 1}`,
    person: null,
  }));
  expect(leftForPeople(left)).toMatchObject([
    { id: "100000 sales", payment: null, amount: "9700000.00", because: expect.stringContaining("--id …") },
  ]);
  expect(leftForPeople(left.slice(0, 3)).map(({ id }) => id)).toEqual(["1", "2", "3"]);
});
