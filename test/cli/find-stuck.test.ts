import { describe, expect } from "vitest";
import { test, type Shop } from "./fixtures.js";
import { shapeOf } from "./shape.js";
import { insertBot } from "../cast/shop.js";

/** Two stuck sales in the window, one of another bot outside it, and three that are none of our business. */
async function someSales(shop: Shop) {
  const older = await shop.sale({ paidHoursAgo: 9 });
  const newer = await shop.sale({ paidHoursAgo: 3, amount: 12.5 });
  const outside = await shop.sale({ botId: shop.bots[1], amount: 47.5, paidHoursAgo: 160 });
  await shop.sale({ metaEventId: "pageview_of_a_confirmed_sale" });
  await shop.sale({ flagged: false });
  await shop.sale({ status: "pending" });
  return { older, newer, outside };
}

interface Document {
  readonly sales: readonly Record<string, unknown>[];
  readonly totals: Record<string, unknown>;
}

const ids = (document: string) => (JSON.parse(document) as Document).sales.map(({ id }) => id);

describe.concurrent("find-stuck in a pipe", () => {
  test("prints TSV with a header, in the report's order, and nothing else on stdout", async ({ shop }) => {
    const { older, newer } = await someSales(shop);
    const { code, stdout } = await shop.run("find-stuck");
    const [header, ...lines] = stdout.trimEnd().split("\n");
    expect(header).toBe(
      "id\tpayment\tbot\tamount\tflagged_at\tage\tdeadline\tverdict\tobstacle\trestraint\tcause\tbecause",
    );
    const cells = lines.map((line) => line.split("\t"));
    expect(cells.map(([id, , bot, amount, , age, , verdict]) => [id, bot, amount, age, verdict])).toEqual([
      [String(newer), "Violão em Casa", "12.50", "2h 58m", "ambiguous"],
      [String(older), "Violão em Casa", "97.00", "8h 58m", "ambiguous"],
    ]);
    expect(cells[0]?.[4]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(code).toBe(0);
  });

  test("says on stderr how many, how much, what expires, what lies outside, and what to run next", async ({
    shop,
  }) => {
    await someSales(shop);
    const { stderr } = await shop.run("find-stuck");
    expect(stderr.split("\n")).toEqual([
      "2 stuck sales, BRL 109.50",
      "verdicts: 2 ambiguous; 0 of them expire within 24 hours",
      "outside this window: 1 stuck sale, BRL 47.50; 1 of them expires within 24 hours",
      "next: purchase-fix resend --hours 24 --dry-run",
      "",
    ]);
  });

  test("names the same window in the command to run next, however it was given", async ({ shop }) => {
    const { older } = await someSales(shop);
    const next = async (words: string) => (await shop.run(words)).stderr.trimEnd().split("\n").at(-1);
    const [half, span, named] = await Promise.all([
      next("find-stuck --hours 3.5"),
      next("find-stuck --since 2020-01-01T00:00Z --until 2100-01-01T00:00Z"),
      next(`find-stuck --id ${older}`),
    ]);
    expect(half).toBe("next: purchase-fix resend --hours 3.5 --dry-run");
    expect(span).toBe(
      "next: purchase-fix resend --since 2020-01-01T00:00:00.000Z --until 2100-01-01T00:00:00.000Z --dry-run",
    );
    expect(named).toBe(`next: purchase-fix resend --id ${older} --dry-run`);
  });

  test("says in words which sales to name where there are too many to read", async ({ shop }) => {
    const many = await shop.manySales(21);
    const next = async (names: readonly number[]) => {
      const { stderr } = await shop.run("find-stuck --id -", { input: names.join("\n") });
      return stderr.trimEnd().split("\n").at(-1);
    };
    const [few, tooMany] = [many.slice(1), many];
    expect(await next(few)).toBe(`next: purchase-fix resend --id ${few.toReversed().join(",")} --dry-run`);
    expect(await next(tooMany)).toBe(
      "next: purchase-fix resend --dry-run with the same --id (- reads names from standard input)",
    );
  });

  test("finds nothing in a healthy shop, and says so", async ({ shop }) => {
    await shop.sale({ metaEventId: "pageview_of_a_confirmed_sale" });
    const { code, stdout, stderr } = await shop.run("find-stuck --exit-code");
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stderr).toBe("0 stuck sales, BRL 0.00\nnothing to do here\n");
    expect(code).toBe(0);
  });

  test("is silent on stderr with --quiet, and exits with 1 with --exit-code", async ({ shop }) => {
    const { older } = await someSales(shop);
    const { code, stdout, stderr } = await shop.run("find-stuck --quiet --exit-code");
    expect(stderr).toBe("");
    expect(stdout).toContain(`\n${older}\t`);
    expect(code).toBe(1);
  });

  test("changes nothing: neither rows, nor a schema, nor anything at Meta", async ({ shop }) => {
    await someSales(shop);
    const before = await shop.snapshot();
    await shop.run("find-stuck --hours 500");
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
    expect(await shop.requests()).toEqual([]);
  });
});

describe.concurrent("find-stuck for programs", () => {
  test("prints one document, whose fields and types are pinned", async ({ shop }) => {
    await someSales(shop);
    const bare = await shop.sale({ amount: null, createdAt: null, paidAt: null, flaggedAt: null });
    const homeless = await shop.sale({ botId: await insertBot(shop.db.witness, { name: "Bot sem pool" }) });
    const [window, named] = await Promise.all([
      shop.run("find-stuck --json --hours 500"),
      shop.run(`find-stuck --json --id ${bare},${homeless}`),
    ]);
    const sales = [
      {
        id: "number",
        paymentId: "string",
        botName: "string",
        amount: "string | null",
        currency: "string",
        createdAt: "string | null",
        paidAt: "string | null",
        flaggedAt: "string | null",
        state: "string",
        verdict: "string",
        obstacle: "string",
        restraint: "string",
        because: "string",
        cause: "null",
        eventId: "string",
        eventIdOrigin: "string",
        pixelId: "string | null",
        deadline: "string | null",
      },
    ];
    const head = { version: "number", command: "string", generatedAt: "string" };
    const totals = {
      count: "number",
      amount: "string",
      expiringWithin24h: "number",
      foldingEndsWithin24h: "number",
      byVerdict: { ambiguous: "number", untraceable: "number" },
      byCause: { unknown: "number" },
      shown: "number",
    };
    expect(shapeOf(JSON.parse(named.stdout))).toEqual({
      ...head,
      sales,
      totals: { ...totals, outside: "null" },
    });
    const outside = { count: "number", amount: "string", expiringSoon: "number" };
    expect(shapeOf((JSON.parse(window.stdout) as Document).totals)).toEqual({ ...totals, outside });
    expect([window.code, named.code]).toEqual([0, 0]);
  });

  test("gives the figures of the incident's query, money as text and times in UTC", async ({ shop }) => {
    const sale = await shop.sale({
      paymentId: "BOT19_1763607031_ab12cd",
      createdAt: Date.now() - 3_600_000,
      paidAt: Date.now() - 3_500_000,
      amount: 1234.5,
    });
    const [row] = await shop.db.query<{ created: string; paid: string; flag: string }>(
      `select to_json(created_at at time zone 'America/Sao_Paulo')#>>'{}' as created,
              to_json(paid_at at time zone 'America/Sao_Paulo')#>>'{}' as paid,
              to_json(meta_purchase_sent_at at time zone 'America/Sao_Paulo')#>>'{}' as flag
       from payments where id = $1`,
      [sale],
    );
    const utc = (text: string | undefined) => new Date(text ?? "").toISOString();
    const { stdout } = await shop.run("find-stuck --json --currency usd --min-age 1m");
    const document = JSON.parse(stdout) as Document;
    expect(document).toMatchObject({ version: 1, command: "find-stuck" });
    expect(document.sales).toEqual([
      {
        id: sale,
        paymentId: "BOT19_1763607031_ab12cd",
        botName: "Violão em Casa",
        amount: "1234.50",
        currency: "USD",
        createdAt: utc(row?.created),
        paidAt: utc(row?.paid),
        flaggedAt: utc(row?.flag),
        state: "stuck",
        verdict: "ambiguous",
        obstacle: "none",
        restraint: "none",
        because: "no answer on record; event id presumed from its page view",
        cause: null,
        eventId: `pageview_${sale}`,
        eventIdOrigin: "pageview_event_id",
        pixelId: shop.pixels[0],
        deadline: new Date(Date.parse(utc(row?.paid)) + 47 * 3_600_000).toISOString(),
      },
    ]);
  });

  test("prints a line per sale with --jsonl, and a last one of totals", async ({ shop }) => {
    const { older, newer } = await someSales(shop);
    const { stdout } = await shop.run("find-stuck --jsonl");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ id }) => id)).toEqual([newer, older, undefined]);
    expect(lines.at(-1)).toMatchObject({ version: 1, command: "find-stuck", totals: { count: 2, shown: 2 } });
  });

  test("keeps with --limit the nearest deadlines in the report's order, and counts all", async ({ shop }) => {
    const oldest = await shop.sale({ paidHoursAgo: 20, createdHoursAgo: 4 });
    const young = await shop.sale({ paidHoursAgo: 3, createdHoursAgo: 3.5 });
    const old = await shop.sale({ paidHoursAgo: 10, createdHoursAgo: 3 });
    const { stdout, stderr } = await shop.run("find-stuck --json --limit 2");
    expect(ids(stdout)).toEqual([old, oldest]);
    expect(ids(stdout)).not.toContain(young);
    expect((JSON.parse(stdout) as Document).totals).toMatchObject({ count: 3, amount: "291.00", shown: 2 });
    expect(stderr).toContain("3 stuck sales, BRL 291.00 (showing 2 of 3, the nearest deadlines)\n");
    expect(stderr).toContain("next: purchase-fix resend --hours 24 --limit 2 --dry-run\n");
  });

  test("keeps with --limit those that can still be met: an expired sale comes last", async ({ shop }) => {
    const expired = await shop.sale({ paidHoursAgo: 200, createdHoursAgo: 3 });
    const hurried = await shop.sale({ paidHoursAgo: 40, createdHoursAgo: 4 });
    const young = await shop.sale({ paidHoursAgo: 5, createdHoursAgo: 5 });
    const kept = async (limit: number) => ids((await shop.run(`find-stuck --json --limit ${limit}`)).stdout);
    expect(await Promise.all([kept(1), kept(2), kept(3)])).toEqual([
      [hurried],
      [hurried, young],
      [expired, hurried, young],
    ]);
  });

  test("prints with --sql the statement that runs: psql finds the same sales in the same order", async ({
    shop,
  }) => {
    const { older, newer } = await someSales(shop);
    const { code, stdout, stderr } = await shop.run("find-stuck --sql");
    const rows = await shop.db.query<{ id: number }>(stdout);
    expect(rows.map(({ id }) => id)).toEqual([newer, older]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });
});

describe.concurrent("the window of find-stuck", () => {
  test("is 24 hours where the server keeps UTC and the rows Brazil's time: not 21", async ({ shop }) => {
    const inside = await shop.sale({ createdHoursAgo: 23.9, paidHoursAgo: 23.9 });
    await shop.sale({ createdHoursAgo: 24.1, paidHoursAgo: 24.1 });
    const { stdout } = await shop.run("find-stuck --json --hours 24");
    expect(ids(stdout)).toEqual([inside]);
  });

  test("is the same where the server keeps Brazil's time", async ({ shop }) => {
    await shop.db.query(`alter database ${shop.db.name} set timezone = 'America/Sao_Paulo'`);
    const inside = await shop.sale({ createdHoursAgo: 23.9, paidHoursAgo: 23.9 });
    await shop.sale({ createdHoursAgo: 24.1, paidHoursAgo: 24.1 });
    const { stdout } = await shop.run("find-stuck --json --hours 24");
    expect(ids(stdout)).toEqual([inside]);
  });

  test("takes columns with a zone as they are, whatever --db-timezone says", async ({ shop }) => {
    const inside = await shop.sale({ createdHoursAgo: 23.9, paidHoursAgo: 23.9 });
    await shop.sale({ createdHoursAgo: 24.1, paidHoursAgo: 24.1 });
    for (const column of ["created_at", "paid_at", "meta_purchase_sent_at"]) {
      await shop.db.query(
        `alter table payments alter ${column} type timestamptz using ${column} at time zone 'America/Sao_Paulo'`,
      );
    }
    const { stdout } = await shop.run("find-stuck --json --hours 24 --db-timezone Asia/Tokyo");
    expect(ids(stdout)).toEqual([inside]);
  });

  test("reads times without a zone in the shop's zone, and others as they say", async ({ shop }) => {
    const sale = await shop.sale({ createdAt: Date.UTC(2025, 10, 20, 3, 30), paidHoursAgo: 1 });
    const found = async (words: string) => ids((await shop.run(`find-stuck --json ${words}`)).stdout);
    const [local, utc, offset, tokyo] = await Promise.all([
      found("--since 2025-11-20 --until 2025-11-20T00:31"),
      found("--since 2025-11-20T03:31Z --until 2025-11-20T03:40Z"),
      found("--since 2025-11-20T00:29-03:00 --until 2025-11-20T00:31-03:00"),
      found("--since 2025-11-20 --until 2025-11-20T00:31 --db-timezone Asia/Tokyo"),
    ]);
    expect([local, utc, offset, tokyo]).toEqual([[sale], [], [sale], [sale]]);
  });

  test("gives way to names: ids and payment ids, in the report's order, other sales said aside", async ({
    shop,
  }) => {
    const { older, outside } = await someSales(shop);
    const confirmed = await shop.sale({ metaEventId: "pageview_x", paymentId: "BOT19_1763607031_done" });
    const { stdout, stderr, code } = await shop.run(
      `find-stuck --json --id ${outside},BOT19_1763607031_done --id ${older}`,
    );
    expect(ids(stdout)).toEqual([older, outside]);
    expect(stderr).toContain(`sale ${confirmed} (BOT19_1763607031_done) is not stuck: Meta confirmed it\n`);
    expect(stderr).not.toContain("outside this window");
    expect(code).toBe(0);
  });
});
