import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Part } from "../../demo/incident.js";
import { reported, sales } from "../../demo/incident.js";
import { tellOfItsRun, writeLogs } from "../../demo/logs.js";
import { seed } from "../../demo/seed.js";
import { purchaseFix } from "../cast/binary.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Graph, LedgerEntry } from "../cast/graph.js";
import { countedPerSale } from "../cast/graph.js";
import { startGraph } from "../../demo/graph/start.js";
import { newFernetKey } from "../cast/shop.js";

/** A sale of `find-stuck --json`, as far as these tests look at it. */
interface Found {
  readonly id: number;
  readonly paymentId: string;
  readonly verdict: string;
  readonly obstacle: string;
  readonly because: string;
  readonly eventId: string;
  readonly eventIdOrigin: string;
}

const key = newFernetKey();
let graph: Graph;
let shop: ShopDatabase;
let moment: number;
let ledger: LedgerEntry[];
let found: readonly Found[];

beforeAll(async () => {
  [graph, shop] = await Promise.all([startGraph(), shopDatabase("incident")]);
  moment = await seed(shop.witness, graph, key);
  ledger = await graph.ledger();
  found = await stuck("--hours", "400");
});

afterAll(async () => {
  await graph.stop();
  await shop.close();
});

/** What the product itself says of the shop. */
async function stuck(...window: readonly string[]): Promise<readonly Found[]> {
  const env = {
    DATABASE_URL: shop.url,
    META_GRAPH_URL: graph.url,
    ENCRYPTION_KEY: key,
    PURCHASE_FIX_LOG_TIMEZONE: "UTC",
  };
  const { code, stdout, stderr } = await purchaseFix(["find-stuck", ...window, "--json"], { env });
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { sales: Found[] }).sales;
}

function idsOf(part: Part): number[] {
  return sales().flatMap((sale) => (sale.part === part ? [sale.id] : []));
}

/** The judgement of each sale of a part, the oldest sale first. */
function judged(part: Part, by = found): string[] {
  return idsOf(part).map((id) => {
    const sale = by.find((one) => one.id === id);
    return `${id} ${sale?.verdict ?? "is not stuck"} ${sale?.obstacle ?? ""}`.trim();
  });
}

describe("the eight sales of the report", () => {
  test("are stuck, of two bots, and nothing stands in their way", () => {
    expect(reported).toEqual([9445, 9438, 9436, 9431, 9427, 9420, 9412, 9405]);
    expect(idsOf("report").toSorted((a, b) => b - a)).toEqual(reported);
    const rows = found.filter(({ id }) => reported.includes(id));
    expect(rows.map(({ id }) => id)).toEqual(reported);
    expect(rows.map(({ verdict, obstacle }) => `${verdict} ${obstacle}`)).toEqual(
      Array(8).fill("ambiguous none"),
    );
    expect(rows.filter(({ paymentId }) => paymentId.startsWith("BOT19_"))).toHaveLength(4);
    expect(rows.filter(({ paymentId }) => paymentId.startsWith("BOT43_"))).toHaveLength(4);
  });

  test("are at Meta in four cases, which their rows do not tell", () => {
    const counted = countedPerSale(ledger);
    expect(reported.filter((id) => counted[id] === 1)).toEqual([9438, 9436, 9427, 9412]);
    expect(reported.filter((id) => counted[id] === undefined)).toEqual([9445, 9431, 9420, 9405]);
    const origins = found.filter(({ id }) => reported.includes(id)).map(({ eventIdOrigin }) => eventIdOrigin);
    expect(new Set(origins)).toEqual(new Set(["pageview_event_id"]));
  });

  test("all fall into the usual window of 24 hours", async () => {
    const window = (await stuck()).map(({ id }) => id);
    expect(window).toEqual(expect.arrayContaining([...reported]));
    for (const id of [...idsOf("earlier"), ...idsOf("expired")]) expect(window).not.toContain(id);
  });
});

describe("by the application's logs", () => {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-incident-"));
  const logs = join(folder, "logs");
  let told: readonly Found[];
  beforeAll(async () => {
    writeLogs(logs, moment);
    told = await stuck("--hours", "400", "--evidence-log", join(logs, "*.log*"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("three of the eight are delivered, one is in flight, two are lost, and of two nobody can tell", () => {
    expect(judged("report", told)).toEqual([
      "9405 ambiguous none",
      "9412 ambiguous none",
      "9420 lost none",
      "9427 delivered none",
      "9431 lost none",
      "9436 delivered none",
      "9438 delivered none",
      "9445 in-flight none",
    ]);
    const counted = countedPerSale(ledger);
    for (const { id, verdict } of told) {
      if (verdict === "delivered") expect(counted[id], `${id} is at Meta`).toBe(1);
      if (verdict === "lost") expect(counted[id], `${id} is not at Meta`).toBeUndefined();
    }
  });

  test("upsells were folded into the first sale, and an id and a pixel that stand in no row are known", () => {
    expect(judged("upsell", told)).toEqual(["9434 folded none", "9437 folded none"]);
    const { eventId, eventIdOrigin, verdict } = told.find(({ id }) => id === 9447) ?? {};
    expect([verdict, eventIdOrigin]).toEqual(["ambiguous", "evidence"]);
    expect(eventId).toMatch(/^purchase_9447_\d{10}$/);
    expect(judged("two-pixels", told)).toEqual(["9418 ambiguous none"]);
  });

  test("what is older than they are, or happened minutes ago, stays as it was", () => {
    for (const part of ["untraceable", "earlier", "young"] as const)
      expect(judged(part, told)).toEqual(judged(part));
  });

  test("a task that ran since is confirmed by its worker's last line", async () => {
    const waiting = sales().find(({ fate }) => fate === "waits for a retry");
    if (!waiting) throw new Error("nobody waits for a retry");
    tellOfItsRun(logs, waiting, moment, moment);
    const later = await stuck("--id", String(waiting.id), "--evidence-log", join(logs, "*.log*"));
    expect(later.map(({ verdict }) => verdict)).toEqual(["delivered"]);
  });
});

describe("the others", () => {
  test("are over a hundred healthy ones and some unpaid, which are left out of it", () => {
    expect(idsOf("healthy").length).toBeGreaterThanOrEqual(100);
    expect(idsOf("unpaid").length).toBeGreaterThanOrEqual(10);
    const listed = new Set(found.map(({ id }) => id));
    expect([...idsOf("healthy"), ...idsOf("unpaid")].filter((id) => listed.has(id))).toEqual([]);
    const counted = countedPerSale(ledger);
    expect(idsOf("healthy").filter((id) => counted[id] !== 1)).toEqual([]);
    expect(idsOf("unpaid").filter((id) => counted[id] !== undefined)).toEqual([]);
  });

  test("are judged as the story says", () => {
    expect(judged("upsell")).toEqual(["9434 ambiguous none", "9437 ambiguous none"]);
    expect(judged("twin-pools")).toEqual(["9424 ambiguous none"]);
    expect(judged("young")).toEqual(["9451 ambiguous waiting", "9452 ambiguous waiting"]);
    expect(judged("untraceable")).toEqual(["9349 untraceable none"]);
    expect(judged("two-pixels")).toEqual(["9418 untraceable waiting"]);
    expect(judged("made-up")).toEqual(["9447 untraceable waiting"]);
    expect(judged("earlier")).toEqual(["9120 untraceable none", "9290 ambiguous none"]);
    expect(judged("expired").map((line) => line.split(" ")[2])).toEqual(["expired", "expired", "expired"]);
    const parts = new Set(
      sales().flatMap(({ id, part }) => (found.some((one) => one.id === id) ? [part] : [])),
    );
    const told = [
      "report",
      "upsell",
      "twin-pools",
      "young",
      "misconfigured",
      "two-pixels",
      "made-up",
      "untraceable",
      "earlier",
      "expired",
    ];
    expect([...parts].toSorted(), "nothing else is stuck").toEqual(told.toSorted());
  });

  test("cannot be sent for four different reasons", () => {
    const rows = found.filter(({ id }) => idsOf("misconfigured").includes(id));
    expect(rows.map(({ id, obstacle }) => [id, obstacle])).toEqual([
      [9442, "unsendable"],
      [9429, "unsendable"],
      [9416, "unsendable"],
      [9409, "unsendable"],
    ]);
    expect(rows[0]?.because).toContain("meta_tracking_enabled is off");
    expect(rows[1]?.because).toContain("meta_pixel_id is empty");
    expect(rows[2]?.because).toContain("meta_access_token is");
    expect(rows[3]?.because).toContain("too little about the customer");
  });

  test("count at Meta under the first sale's click where they are upsells, and are to get an id of their own", () => {
    const copies = ledger.filter(({ sale }) => idsOf("upsell").includes(Number(sale)));
    expect(copies.map(({ sale, counted }) => [sale, counted])).toEqual([
      [9434, false],
      [9437, false],
    ]);
    const ids = found.filter(({ id }) => idsOf("upsell").includes(id)).map(({ eventId }) => eventId);
    expect(ids).toEqual(["purchase_9437", "purchase_9434"]);
  });

  test("may be at Meta under an id that stands in no row", () => {
    const unknown = ledger.filter(({ sale }) => idsOf("untraceable").includes(Number(sale)));
    expect(unknown.map(({ sale, eventId }) => [sale, eventId])).toEqual([[9349, "purchase_9349_1763607031"]]);
  });
});

test("every event of the ledger belongs to a sale that the story knows, at the moment of its payment", async () => {
  const rows = await shop.query<{ id: number; paid: string }>(
    `select id, floor(extract(epoch from paid_at at time zone 'America/Sao_Paulo'))::text as paid from payments`,
  );
  const paid = new Map(rows.map((row) => [row.id, Number(row.paid)]));
  expect(ledger.filter(({ sale, eventTime }) => paid.get(Number(sale)) !== eventTime)).toEqual([]);
});

test("a second seed is the same but for its moments", async () => {
  const other = await shopDatabase("incident_again");
  try {
    await graph.reset();
    await seed(other.witness, graph, key);
    const rows = `select id, bot_id, status, amount, meta_purchase_sent, meta_event_id, pageview_event_id,
      customer_user_id, split_part(payment_id, '_', 3) as mark from payments order by id`;
    expect(await other.query(rows)).toEqual(await shop.query(rows));
    const facts = ({ pixel, sale, eventId, counted }: LedgerEntry) => [pixel, sale, eventId, counted];
    expect((await graph.ledger()).map(facts)).toEqual(ledger.map(facts));
  } finally {
    await other.close();
  }
});
