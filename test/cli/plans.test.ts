import { describe, expect } from "vitest";
import { test } from "./fixtures.js";
import { shapeOf } from "./shape.js";

interface Document {
  readonly run: string | null;
  readonly dryRun: boolean;
  readonly sales: readonly { readonly id: number }[];
  readonly planned: readonly Record<string, unknown>[];
  readonly outcomes: readonly Record<string, unknown>[];
  readonly left: readonly Record<string, unknown>[];
  readonly totals: Record<string, unknown>;
}

async function document(ended: Promise<{ readonly stdout: string }>): Promise<Document> {
  return JSON.parse((await ended).stdout) as Document;
}

describe.concurrent("resend --dry-run", () => {
  test("prints the plan and does nothing: no schema, no request, no change", async ({ shop }) => {
    const plain = await shop.sale();
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const before = await shop.snapshot();
    const { code, stdout, stderr } = await shop.run("resend --hours 24 --dry-run");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t"));
    expect(lines.map(([id, , , , what, event]) => [Number(id), what, event])).toEqual([
      [plain, "would resend", `pageview_${plain} (pageview_event_id)`],
      [young, "left", ""],
    ]);
    expect(stderr).toContain("would resend 1 of 2 sales, BRL 97.00\n");
    expect(code).toBe(0);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
    expect(await shop.requests()).toEqual([]);
  });

  test("does nothing with --yes and --id either", async ({ shop }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    const [window, named] = await Promise.all([
      document(shop.run("resend --hours 24 --yes --dry-run --json")),
      document(shop.run(`resend --id ${sale} --dry-run --json`)),
    ]);
    for (const plan of [window, named]) {
      expect(plan).toMatchObject({ run: null, dryRun: true, outcomes: [], left: [] });
      expect(plan.planned).toMatchObject([{ id: sale, eventId: `pageview_${sale}`, mayDouble: false }]);
    }
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.requests()).toEqual([]);
  });

  test("exits with 1 only with --exit-code, and only where something needs a person", async ({ shop }) => {
    await shop.sale();
    const words = "resend --hours 500 --dry-run";
    expect((await shop.run(`${words} --exit-code`)).code).toBe(0);
    await shop.sale({ paidHoursAgo: 24 * 7 });
    expect((await shop.run(words)).code).toBe(0);
    expect((await shop.run(`${words} --exit-code`)).code).toBe(1);
  });
});

describe.concurrent("resend for programs", () => {
  test("prints one document, whose fields and types are pinned", async ({ shop }) => {
    const plain = await shop.sale();
    const old = await shop.sale({ paidHoursAgo: 60 });
    const confirmed = await shop.sale({ metaEventId: "pageview_before" });
    const told = await document(shop.run(`resend --id ${plain},${old},${confirmed} --json`));
    const { run, sales, ...rest } = told;
    expect(shapeOf(rest)).toEqual({
      version: "number",
      command: "string",
      generatedAt: "string",
      dryRun: "boolean",
      uncounted: [],
      planned: [
        {
          id: "number",
          action: "string",
          verdict: "string",
          because: "string",
          eventId: "string",
          eventIdOrigin: "string",
          pixelId: "string",
          before: "string",
          mayDouble: "boolean",
        },
      ],
      outcomes: [{ id: "number", answer: "string", effect: "string", eventId: "string", because: "string" }],
      left: [
        {
          id: "number",
          verdict: "string | null",
          obstacle: "string | null",
          restraint: "string | null",
          because: "string",
          wouldAllow: "string | null",
          needsPerson: "boolean",
        },
      ],
      totals: {
        count: "number",
        amount: "string",
        expiringWithin24h: "number",
        foldingEndsWithin24h: "number",
        byVerdict: { ambiguous: "number", untraceable: "number" },
        byCause: { unknown: "number" },
        confirmed: { count: "number", amount: "string" },
      },
    });
    expect(run).toMatch(/^[0-9a-f]{12}$/);
    expect(sales.map(({ id }) => id)).toEqual([plain, old]);
    expect(told).toMatchObject({ version: 1, command: "resend", dryRun: false });
    expect(told.outcomes).toEqual([
      {
        id: plain,
        answer: "accepted",
        effect: "confirmed",
        eventId: `pageview_${plain}`,
        because: "Meta received it",
      },
    ]);
    expect(told.left).toMatchObject([
      {
        id: old,
        verdict: "untraceable",
        obstacle: "none",
        restraint: "none",
        wouldAllow: "--accept-duplicate",
        needsPerson: true,
      },
      { id: confirmed, verdict: null, because: "not stuck: Meta confirmed it", needsPerson: false },
    ]);
  });

  test("lists its sales with the same fields as find-stuck", async ({ shop }) => {
    await shop.sale();
    const [found, planned] = await Promise.all([
      document(shop.run("find-stuck --json")),
      document(shop.run("resend --hours 24 --dry-run --json")),
    ]);
    expect(planned.sales).toEqual(found.sales);
  });

  test("prints a line per outcome, plan and leftover with --jsonl, and a last one of totals", async ({
    shop,
  }) => {
    const plain = await shop.sale();
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const lines = async (words: string) =>
      (await shop.run(words)).stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
    expect(await lines("resend --hours 24 --dry-run --jsonl")).toMatchObject([
      { planned: { id: plain } },
      { left: { id: young } },
      { command: "resend", run: null, dryRun: true, totals: { count: 2 } },
    ]);
    expect(await lines("resend --hours 24 --yes --jsonl")).toMatchObject([
      { outcome: { id: plain, answer: "accepted" } },
      { left: { id: young } },
      { command: "resend", dryRun: false, totals: { count: 2, confirmed: { count: 1, amount: "97.00" } } },
    ]);
  });
});
