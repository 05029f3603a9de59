import { describe, expect, test } from "vitest";
import type { AccountPorts } from "../../src/acting/account.js";
import { accountOf } from "../../src/acting/account.js";
import type { Journalled, Span } from "../../src/ports.js";
import type { Evidence } from "../../src/sales/evidence.js";
import type { Sale } from "../../src/sales/sale.js";
import { inPages } from "../cast/doubles/reading.js";
import { ana, bia, evidence, hoursAgo, now, policy, pool } from "../cast/sales.js";

/** A sale that the journal knows: confirmed by us, unless told otherwise. */
function journalled(differing: Partial<Journalled> = {}): Journalled {
  return {
    id: 50,
    botId: 19,
    botName: "shop",
    amount: "97.00",
    createdAt: hoursAgo(2),
    pixelId: "9009",
    pools: [pool()],
    cause: null,
    standing: {
      status: "paid",
      flagged: true,
      hasId: true,
      paidAt: hoursAgo(2),
      trail: { lastEffect: "confirmed", stands: true, accepted: false },
    },
    ...differing,
  };
}

interface World {
  readonly stuck?: readonly Sale[];
  readonly facts?: ReadonlyMap<number, Evidence>;
  readonly journal?: readonly Journalled[];
  readonly pixelId?: string;
}

function portsOf({ stuck = [], facts = new Map(), journal = [], pixelId }: World) {
  const spans: Span[] = [];
  const ports: AccountPorts = {
    sales: {
      now: async () => now,
      stuck: async (span) => (spans.push(span), inPages(stuck)),
      clicks: async () => new Set<string>(),
      sharedClicks: async () => ({ clicks: new Set<string>(), newest: 0 }),
      clicksAfter: async () => new Set<string>(),
      named: async () => new Map(),
      outside: async () => ({ count: 2, amount: "5.00", expiringSoon: 1 }),
      statement: async () => "",
    },
    evidence: { about: async () => new Map(facts) },
    history: { journalled: async (_, each) => journal.forEach(each) },
    policy: { ...policy, pixelId: pixelId ?? null },
    currency: "BRL",
    timeZone: "America/Sao_Paulo",
  };
  return { ports, spans };
}

const account = async (world: World) => await accountOf(portsOf(world).ports, { days: 30 });
const keysOf = (groups: readonly { readonly key: string | null; readonly count: number }[]) =>
  Object.fromEntries(groups.map(({ key, count }) => [String(key), count]));

describe("an account", () => {
  test("counts a sale that is open once, though the journal knows it, and by what its row is", async () => {
    const { totals } = await account({
      stuck: [ana(), bia()],
      journal: [journalled({ id: ana().id }), journalled({ id: 50 })],
    });
    expect(totals.count).toBe(3);
    expect(totals.byFate).toMatchObject({ stuck: { count: 2 }, confirmedLate: { count: 1 } });
  });

  test("has an open sale's cause from its evidence, else from the journal; and of no name that it knows not", async () => {
    const { groups } = await account({
      stuck: [ana(), bia()],
      facts: new Map([[ana().id, evidence({ cause: "celery-timeout" })]]),
      journal: [
        journalled({ id: ana().id, cause: "not-queued" }),
        journalled({ id: bia().id, cause: "task-failed" }),
        journalled({ id: 50, cause: "struck by lightning" }),
      ],
    });
    expect(keysOf(groups.cause)).toEqual({ "celery-timeout": 1, "task-failed": 1, unknown: 1 });
  });

  test("has a pixel for every sale for which something names one", async () => {
    const world = {
      stuck: [ana()],
      journal: [
        journalled({ id: 50 }),
        journalled({ id: 51, pixelId: null }),
        journalled({ id: 52, pixelId: null, pools: [] }),
        journalled({ id: 53, pixelId: null, pools: null }),
      ],
    };
    expect(keysOf((await account(world)).groups.pixel)).toEqual({ "1001": 2, "9009": 1, null: 2 });
    const configured = await account({ ...world, pixelId: "4004" });
    expect(keysOf(configured.groups.pixel)).toEqual({ "1001": 2, "9009": 1, "4004": 1, null: 1 });
  });

  test("begins at midnight in the shop's zone, so many days ago, today included", async () => {
    const { ports, spans } = portsOf({});
    const one = await accountOf(ports, { days: 1 });
    const many = await accountOf(ports, { days: 30 });
    const span = await accountOf(ports, { since: 5, until: 9 });
    expect(spans).toEqual([
      { since: Date.UTC(2025, 10, 20, 3), until: null },
      { since: Date.UTC(2025, 9, 22, 3), until: null },
      { since: 5, until: 9 },
    ]);
    expect([one.since, many.since, span.until]).toEqual([spans[0]?.since, spans[1]?.since, 9]);
    expect(one.outside).toEqual({ count: 2, amount: "5.00" });
  });
});
