import { expect, test } from "vitest";
import { wholesOf } from "../../src/acting/whole.js";
import type { SalesReader } from "../../src/ports.js";
import { MINUTE } from "../../src/sales/sale.js";

test("shared clicks are looked for every five minutes; in between, those of newer sales count as shared", async () => {
  const asked: string[] = [];
  let newer: readonly string[] = [];
  const sales = {
    sharedClicks: async () => (asked.push("all"), { clicks: new Set(["a"]), newest: 7 }),
    clicksAfter: async (id: number) => (asked.push(`after ${id}`), new Set(newer)),
  } as unknown as SalesReader;
  const at = wholesOf({ sales }, { since: 0, until: null });
  const first = at(0);
  expect([await first.sharedClicks(), await first.sharedClicks()]).toEqual([new Set("a"), new Set("a")]);
  expect(await at(MINUTE).sharedClicks()).toEqual(new Set("a"));
  newer = ["b"];
  expect(await at(2 * MINUTE).sharedClicks()).toEqual(new Set(["a", "b"]));
  expect(await at(6 * MINUTE).sharedClicks()).toEqual(new Set("a"));
  expect(asked).toEqual(["all", "after 7", "after 7", "all"]);
});

test("an event id that a sale of the window once bore stays known, also when the sale is confirmed", async () => {
  let clicks: readonly string[] = ["a", "b"];
  const sales = { clicks: async () => new Set(clicks) } as unknown as SalesReader;
  const at = wholesOf({ sales }, { since: 0, until: null });
  expect(await at(0).eventIds()).toEqual(new Set(["a", "b"]));
  clicks = ["b", "c"];
  expect(await at(1).eventIds()).toEqual(new Set(["a", "b", "c"]));
});
