import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { describe, expect } from "vitest";
import { insertPool } from "../cast/shop.js";
import type { Shop } from "./fixtures.js";
import { test, tokenOf } from "./fixtures.js";
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

describe.concurrent("resend by name", () => {
  test("takes ids and payment ids, commas and repetition, and sends each sale once", async ({ shop }) => {
    const [a, b, c, other] = [
      await shop.sale(),
      await shop.sale({ paymentId: "BOT19_1763607031_ab12cd" }),
      await shop.sale(),
      await shop.sale(),
    ];
    const { code, stderr } = await shop.run(
      `resend --id ${a},BOT19_1763607031_ab12cd --id ${c} --id ${a} --id ${b}`,
    );
    expect(await shop.states()).toEqual({
      [a]: `confirmed as pageview_${a}`,
      [b]: `confirmed as pageview_${b}`,
      [c]: `confirmed as pageview_${c}`,
      [other]: "stuck",
    });
    expect(await shop.counted()).toEqual([a, b, c].map((id) => `pageview_${id}`));
    expect(await shop.ledger()).toHaveLength(3);
    expect(stderr).toMatch(/^run [0-9a-f]{8}: confirmed 3 \(BRL 291\.00\)\n/);
    expect(code).toBe(0);
  });

  test("takes names from standard input, one a line", async ({ shop }) => {
    const [a, b, c, other] = [await shop.sale(), await shop.sale(), await shop.sale(), await shop.sale()];
    const { code } = await shop.run("resend --id -", { input: `\uFEFF${a}\r\n\r\n${b} ${c}\n` });
    expect(await shop.counted()).toEqual([a, b, c].map((id) => `pageview_${id}`));
    expect((await shop.states())[other]).toBe("stuck");
    expect(code).toBe(0);
  });

  test("sends the event that the application would: true time, amount, currency, token in the header", async ({
    shop,
  }) => {
    const sale = await shop.sale({
      amount: 19.9,
      customerPhone: "+55 (11) 98765-4321",
      customerName: "Ana Lúcia de Souza",
      extra: { customer_document: "123.456.789-09" },
    });
    await shop.run(`resend --id ${sale}`);
    const [paid] = await shop.db.query<{ at: number }>(
      "select floor(extract(epoch from paid_at at time zone 'America/Sao_Paulo'))::integer as at from payments",
    );
    expect(await shop.ledger()).toMatchObject([
      {
        eventName: "Purchase",
        eventId: `pageview_${sale}`,
        eventTime: paid?.at,
        value: 19.9,
        currency: "BRL",
        testEventCode: null,
        userDataKeys: ["em", "ph", "fn", "ln", "external_id"],
      },
    ]);
    expect(await shop.requests()).toMatchObject([{ tokenSeenIn: "header", events: 1, status: 200 }]);
  });

  test("acts on a sale that a window would leave, because naming is consent", async ({ shop }) => {
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const window = await shop.run("resend --hours 24 --yes");
    expect(window.stdout).toContain(`(allowed by --id ${young})`);
    expect(window.code).toBe(0);
    expect(await shop.states()).toEqual({ [young]: "stuck" });
    expect((await shop.run(`resend --id ${young}`)).code).toBe(0);
    expect(await shop.states()).toEqual({ [young]: `confirmed as pageview_${young}` });
  });
});

describe.concurrent("resend of a window", () => {
  test("sends what may be sent and leaves the rest, each with its reason", async ({ shop }) => {
    const plain = await shop.sale();
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const old = await shop.sale({ paidHoursAgo: 60 });
    const expired = await shop.sale({ paidHoursAgo: 24 * 7 });
    const confirmed = await shop.sale({ metaEventId: "pageview_before" });
    const { code, stdout, stderr } = await shop.run("resend --hours 500 --yes");
    expect(await shop.states()).toEqual({
      [plain]: `confirmed as pageview_${plain}`,
      [young]: "stuck",
      [old]: "stuck",
      [expired]: "stuck",
      [confirmed]: "confirmed as pageview_before",
    });
    expect(await shop.counted()).toEqual([`pageview_${plain}`]);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    expect(header).toBe("id\tpayment\tamount\tverdict\tresult\tevent_id\tbecause");
    const told = lines
      .map((line) => line.split("\t"))
      .map(([id, , , , what, , why]) => [Number(id), what, why]);
    expect(told).toEqual([
      [plain, "accepted, confirmed", "Meta received it"],
      [expired, "left", expect.stringContaining("paid over 7 days ago")],
      [young, "left", expect.stringContaining("its own task may run for 20m")],
      [old, "left", expect.stringContaining("it may count twice (allowed by --accept-duplicate)")],
    ]);
    expect(stderr).toContain("left 3 sales, of which 2 need a person\n");
    expect(code).toBe(1);
  });

  test("finds nothing to do the second time, and asks Meta nothing", async ({ shop }) => {
    await shop.sale();
    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    const before = await shop.snapshot();
    const again = await shop.run("resend --hours 24 --yes");
    expect(again.stderr).toBe("nothing to resend\n");
    expect(again.code).toBe(0);
    expect(await shop.requests()).toHaveLength(1);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toHaveLength(1);
  });

  test("needs --yes where nobody can be asked, and changes nothing without", async ({ shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    const { code, stdout, stderr } = await shop.run("resend --hours 24");
    expect(stdout).toBe("");
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^error: resend 1 sale \(BRL 97\.00\) of .*: this needs a yes$/),
      "  why: nobody can be asked here; nothing was changed",
      "  next: add --yes, or look first with --dry-run",
      "",
    ]);
    expect(code).toBe(2);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
    expect(await shop.requests()).toEqual([]);
  });

  test("sends with --limit only the nearest deadlines", async ({ shop }) => {
    const [late, soon, sooner] = [
      await shop.sale({ paidHoursAgo: 3 }),
      await shop.sale({ paidHoursAgo: 10 }),
      await shop.sale({ paidHoursAgo: 20 }),
    ];
    const { code, stdout } = await shop.run("resend --hours 24 --yes --limit 2");
    expect(await shop.states()).toEqual({
      [late]: "stuck",
      [soon]: `confirmed as pageview_${soon}`,
      [sooner]: `confirmed as pageview_${sooner}`,
    });
    expect(stdout).toContain("beyond --limit 2");
    expect(code).toBe(0);
  });

  test("sends what may count twice only as far as the operator's money goes", async ({ shop }) => {
    const [cheap, dear] = [
      await shop.sale({ paidHoursAgo: 70, amount: 30 }),
      await shop.sale({ paidHoursAgo: 60, amount: 80 }),
    ];
    const { code, stdout, stderr } = await shop.run("resend --hours 100 --yes --accept-duplicate=99,90");
    expect(await shop.states()).toEqual({ [cheap]: `confirmed as pageview_${cheap}`, [dear]: "stuck" });
    expect(stdout).toContain("would exceed --accept-duplicate=99.90");
    expect(stderr).toContain("confirmed 1 (BRL 30.00)");
    expect(code).toBe(1);
    expect((await shop.run("resend --hours 100 --yes --accept-duplicate")).code).toBe(0);
    expect(await shop.counted()).toEqual([`pageview_${cheap}`, `pageview_${dear}`]);
  });

  test("gives two sales of one click two event ids, so that both count", async ({ shop }) => {
    const first = await shop.sale({ paidHoursAgo: 6, pageviewEventId: "pageview_shared" });
    const second = await shop.sale({ paidHoursAgo: 5, pageviewEventId: "pageview_shared" });
    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    expect(await shop.states()).toEqual({
      [first]: "confirmed as pageview_shared",
      [second]: `confirmed as purchase_${second}`,
    });
    expect(await shop.counted()).toEqual(["pageview_shared", `purchase_${second}`]);
  });
});

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
      planned: [
        {
          id: "number",
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
          because: "string",
          wouldAllow: "string | null",
          needsPerson: "boolean",
        },
      ],
      totals: {
        count: "number",
        amount: "string",
        expiringWithin24h: "number",
        byVerdict: { ambiguous: "number", untraceable: "number" },
        confirmed: { count: "number", amount: "string" },
      },
    });
    expect(run).toMatch(/^[0-9a-f]{8}$/);
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

describe.concurrent("resend in other shops", () => {
  test("serves several pixels in one run, each event where it belongs", async ({ shop }) => {
    const [one, two] = [await shop.sale(), await shop.sale({ botId: shop.bots[1] })];
    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    const places = (await shop.ledger()).map(({ pixel, eventId }) => `${pixel} ${eventId}`);
    expect(places.toSorted()).toEqual([
      `${shop.pixels[0]} pageview_${one}`,
      `${shop.pixels[1]} pageview_${two}`,
    ]);
  });

  test("prefers the sale's own pool to those of its bot", async ({ shop }) => {
    const sale = await shop.sale({ poolId: shop.pools[1] });
    expect((await shop.run(`resend --id ${sale}`)).code).toBe(0);
    expect(await shop.ledger()).toMatchObject([{ pixel: shop.pixels[1], eventId: `pageview_${sale}` }]);
  });

  test("takes the lowest of several enabled pools, never a disabled one, and says so", async ({ shop }) => {
    const { db, bots, pools, pixels, key } = shop;
    await db.query("update pool_bots set is_enabled = false where pool_id = $1", [pools[0]]);
    const add = () =>
      insertPool(db.witness, { pixelId: pixels[1], token: tokenOf(pixels[1]), key, bots: [bots[0]] });
    const [third, fourth] = [await add(), await add()];
    const sale = await shop.sale();
    const { code, stderr } = await shop.run(`resend --id ${sale}`);
    expect(stderr).toContain(
      `bot Violão em Casa is in several enabled pools: using pool ${third} of ${third}, ${fourth}\n`,
    );
    expect(await shop.ledger()).toMatchObject([{ pixel: pixels[1] }]);
    expect(code).toBe(0);
  });

  test.for(["META_ACCESS_TOKEN", "META_ACCESS_TOKEN_FILE"])(
    "serves a shop without pools by META_PIXEL_ID and %s",
    async (variable, { shop, folder }) => {
      await shop.db.query("drop table pool_bots, redirect_pools cascade");
      const sale = await shop.sale();
      const token = tokenOf(shop.pixels[0]);
      const given = variable.endsWith("FILE") ? folder.write("token", `${token}\n`, 0o600) : token;
      const env = { ENCRYPTION_KEY: undefined, META_PIXEL_ID: shop.pixels[0], [variable]: given };
      const { code, stderr } = await shop.run(`resend --id ${sale}`, { env });
      expect(stderr).not.toContain("warning");
      expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
      expect(await shop.ledger()).toMatchObject([{ pixel: shop.pixels[0], eventId: `pageview_${sale}` }]);
      expect(code).toBe(0);
    },
  );

  test("serves a shop that has only the tables and columns of the incident's query", async ({ shop }) => {
    await shop.db.query("drop table pool_bots, redirect_pools, bot_users cascade");
    const sale = await shop.sale();
    const kept = `id, payment_id, status, bot_id, amount, customer_user_id, paid_at, created_at,
                  meta_purchase_sent, meta_event_id, meta_purchase_sent_at`;
    await shop.db.query(`create table smaller as select ${kept} from payments`);
    await shop.db.query("drop table payments");
    await shop.db.query("alter table smaller rename to payments");
    const env = { META_PIXEL_ID: shop.pixels[0], META_ACCESS_TOKEN: tokenOf(shop.pixels[0]) };
    const { code } = await shop.run(`resend --id ${sale} --accept-duplicate`, { env });
    expect(await shop.states()).toEqual({ [sale]: `confirmed as purchase_${sale}` });
    expect(await shop.counted()).toEqual([`purchase_${sale}`]);
    expect(code).toBe(0);
  });
});

describe.concurrent("a row that moves between the plan and the claim", () => {
  test.for([
    ["status = 'cancelled'", "the sale is cancelled now", "cancelled"],
    ["meta_event_id = 'pageview_theirs'", "confirmed meanwhile with event id pageview_theirs", null],
    ["amount = 1", "its amount changed from 97 to 1", "stuck"],
    ["meta_purchase_sent_at = meta_purchase_sent_at + interval '1 microsecond'", "flagged anew at ", "stuck"],
  ] as const)("is not sent: %s", async ([change, reason, state], { shop }) => {
    const sale = await shop.sale();
    const other = await shop.sale();
    expect((await shop.run("init")).code).toBe(0);
    const { code, stdout } = await betweenPlanAndClaim(
      shop,
      `resend --id ${sale},${other}`,
      async (client) => {
        await client.query(`update payments set ${change} where id = $1`, [sale]);
      },
    );
    expect(stdout).toContain(`nothing was sent: ${reason}`);
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({
      [sale]: state ?? "confirmed as pageview_theirs",
      [other]: `confirmed as pageview_${other}`,
    });
    expect(await shop.counted()).toEqual([`pageview_${other}`]);
  });
});

/** Holds the run lock's table until the program waits for it, and changes the shop meanwhile. */
async function betweenPlanAndClaim(shop: Shop, words: string, change: (client: Client) => Promise<void>) {
  const client = new Client({ connectionString: shop.db.url });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("lock table purchase_fix.lease in access exclusive mode");
    const running = shop.start(words);
    while ((await waitingSessions(shop)) === 0) await sleep(10);
    await change(client);
    await client.query("commit");
    return await running.ended;
  } finally {
    await client.end();
  }
}

async function waitingSessions({ db }: Shop): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::integer as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}
