import { describe, expect, test } from "vitest";
import { gathering, wholeOf } from "../../src/evidence/gather.js";
import type { Whole } from "../../src/ports.js";
import { KEPT_FOR } from "../../src/ports.js";
import { noEvidence } from "../../src/sales/evidence.js";
import { ana, bia, hoursAgo, now, sale } from "../cast/sales.js";

function counting() {
  const asked: string[] = [];
  const evidence = gathering({
    base: {
      about: async (sales) => {
        asked.push(`base ${sales.length}`);
        return new Map(sales.map(({ id }) => [id, noEvidence]));
      },
    },
    kept: async ({ since }) => {
      asked.push(`kept since ${since}`);
      return { attestations: [], ties: [{ taskId: "t", eventId: "e", pixelId: null }], results: new Map() };
    },
    logs: async () => (asked.push("logs"), null),
    tasks: async (whole, { ties }) => {
      asked.push(`tasks of ${[...(await whole.eventIds())].join(" and ")}, ${ties.length} tied`);
      return null;
    },
    tracked: async (sales) => (asked.push(`tracked ${sales.length}`), new Map()),
  });
  return { asked, evidence };
}

describe("sources that tell of all sales at once", () => {
  const whole: Whole = {
    since: 7,
    eventIds: async () => new Set(["a", "b"]),
    sharedClicks: async () => new Set<string>(),
  };

  test("are read once for all pages of a whole; row, journal and tracking data page by page", async () => {
    const { asked, evidence } = counting();
    for (const page of [[ana(), bia()], [sale()]])
      expect((await evidence.about(page, now, whole)).size).toBe(page.length);
    const once = ["kept since 7", "logs", "tasks of a and b, 1 tied"];
    expect(asked.toSorted()).toEqual(["base 1", "base 2", ...once, "tracked 1", "tracked 2"]);
  });

  test("are read anew for the next whole, and for sales that are a whole themselves", async () => {
    const { asked, evidence } = counting();
    await evidence.about([ana()], now, whole);
    await evidence.about([ana()], now, { ...whole });
    await evidence.about([ana({ pageviewEventId: "pageview_1", paidAt: hoursAgo(3) })], now);
    expect(asked.filter((what) => what === "logs")).toHaveLength(3);
    expect(asked).toContain(`kept since ${hoursAgo(3)}`);
    expect(asked).toContain("tasks of pageview_1, 1 tied");
  });

  test("nobody is asked about nothing", async () => {
    const { asked, evidence } = counting();
    expect((await evidence.about([], now, whole)).size).toBe(0);
    expect(asked).toEqual([]);
  });
});

test("of sales that are known, the whole begins with the earliest payment; without a time, with what is kept", () => {
  const of = (...sales: Parameters<typeof wholeOf>[0]) => wholeOf(sales, now).since;
  expect(of()).toBe(now);
  expect(of(sale({ paidAt: hoursAgo(3) }), sale({ paidAt: hoursAgo(5) }))).toBe(hoursAgo(5));
  expect(of(sale({ paidAt: null, createdAt: null }))).toBe(now - KEPT_FOR);
});
