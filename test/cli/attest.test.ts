import { describe, expect } from "vitest";
import { hasTerminal, keepSecret } from "../cast/binary.js";
import type { Shop } from "./fixtures.js";
import { test } from "./fixtures.js";
import { shapeOf } from "./shape.js";

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

/** A word as somebody types it. */
const word = (from: number, to: number, ...more: string[]) => [
  "attest",
  "--from",
  ago(from),
  "--to",
  ago(to),
  "--reason",
  "the workers were gone",
  ...more,
];

interface Found {
  readonly sales: readonly { readonly id: number; readonly verdict: string; readonly because: string }[];
}
async function verdicts(shop: Shop, words = ""): Promise<Record<number, string>> {
  const { stdout } = await shop.run(`find-stuck --hours 200 ${words} --json`);
  const { sales } = JSON.parse(stdout) as Found;
  return Object.fromEntries(sales.map(({ id, verdict }) => [id, verdict]));
}
const given = (shop: Shop) =>
  shop.db.query(
    "select id, pixel_id, reason, given_by, withdrawn_because from purchase_fix.attestation order by id",
  );

describe.concurrent("attest", () => {
  test("makes sales lost that were paid in the span and that nobody saw sending; it changes none", async ({
    shop,
  }) => {
    const [covered, late, before] = [
      await shop.sale({ paidHoursAgo: 30 }),
      await shop.sale({ paidHoursAgo: 5 }),
      await shop.sale({ paidHoursAgo: 60 }),
    ];
    const rows = await shop.snapshot();
    const { code, stdout, stderr } = await shop.run(word(40, 0, "--yes"));
    expect(stderr).toMatch(
      /^the word covers 1 stuck sale \(BRL 97\.00\): 1 ambiguous becomes lost\n1 more, paid or flagged in it, is not covered: .*\nrun [0-9a-f]{12}: attestation 1 is on record; purchase-fix attest --withdraw 1 takes it back\n$/,
    );
    expect(stdout.split("\n")).toEqual([
      "id\tpayment\tamount\tverdict\tbecomes\tbecause",
      expect.stringMatching(
        new RegExp(
          `^${covered}\\t.*\\tambiguous\\tlost\\t.* attests that nothing was sent: the workers were gone`,
        ),
      ),
      "",
    ]);
    expect(code).toBe(0);
    expect(await verdicts(shop)).toEqual({ [covered]: "lost", [late]: "ambiguous", [before]: "untraceable" });
    expect(await shop.snapshot()).toEqual(rows);
    expect(await shop.requests()).toEqual([]);
    expect(await shop.db.query("select command, summary from purchase_fix.run")).toEqual([
      { command: "attest", summary: { attested: 1, covered: 1 } },
    ]);
  });

  test("lets a shop with nothing but its database act: its sale is given back, and the others are left", async ({
    shop,
  }) => {
    const [covered, other] = [await shop.sale({ paidHoursAgo: 30 }), await shop.sale({ paidHoursAgo: 60 })];
    const before = await shop.run("revert --hours 100 --yes");
    expect(before.code).toBe(1);
    await shop.run(word(40, 0, "--yes"));
    const { stdout } = await shop.run("revert --hours 100 --yes");
    expect(stdout).toMatch(new RegExp(`^${covered}\\t.*\\tlost\\treverted\\t`, "m"));
    expect(await shop.states()).toEqual({ [covered]: "not flagged", [other]: "stuck" });
  });

  test("never outweighs an attempt of ours that has no answer", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.fault({ fault: "no-answer", times: 3 });
    await shop.run(`resend --id ${sale} --timeout 0.2s`);
    const { stderr } = await shop.run(word(40, 0, "--yes"));
    expect(stderr).toContain("1 stays unsettled");
    expect(await verdicts(shop)).toEqual({ [sale]: "unsettled" });
  });

  test("is withdrawn by its number, with a reason; both stay on record, and the sale is what it was", async ({
    shop,
  }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(word(40, 0, "--yes"));
    expect(await verdicts(shop)).toEqual({ [sale]: "lost" });
    const { code, stdout, stderr } = await shop.run([
      "attest",
      "--withdraw",
      "1",
      "--reason",
      "it was the other day",
    ]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^run [0-9a-f]{12}: attestation 1 is withdrawn; /);
    expect(await verdicts(shop)).toEqual({ [sale]: "ambiguous" });
    expect(await given(shop)).toMatchObject([
      { reason: "the workers were gone", withdrawn_because: "it was the other day" },
    ]);
    const again = await shop.run(["attest", "--withdraw", "1", "--reason", "again"]);
    expect(again.stderr).toContain("error: Attestation 1 was withdrawn before\n");
    const none = await shop.run(["attest", "--withdraw", "7", "--reason", "x"]);
    expect(none.stderr).toContain("error: There is no attestation 7\n");
    expect([again.code, none.code]).toEqual([2, 2]);
  });

  test("is listed, the newest first, with fields and types pinned", async ({ shop }) => {
    await shop.sale({ paidHoursAgo: 30 });
    expect((await shop.run("attest --list")).stderr).toBe("nobody has attested anything\n");
    expect(await shop.attempts()).toBeNull();
    await shop.run(word(40, 0, "--yes", "--pixel", "4711"));
    await shop.run(word(50, 1, "--yes"));
    await shop.run(["attest", "--withdraw", "2", "--reason", "wrong"]);
    const { stdout, stderr, code } = await shop.run("attest --list --json");
    expect(stderr).toBe("2 attestations, 1 in force\n");
    expect(code).toBe(0);
    const list = JSON.parse(stdout) as { attestations: Record<string, unknown>[] };
    expect(list.attestations).toMatchObject([
      { id: 2, pixelId: null, withdrawn: { because: "wrong" } },
      { id: 1, pixelId: "4711", reason: "the workers were gone", withdrawn: null },
    ]);
    // One that holds differs by nothing but `withdrawn`, which is null there.
    expect(shapeOf({ ...list, attestations: list.attestations.slice(0, 1) })).toEqual({
      version: "number",
      command: "string",
      generatedAt: "string",
      attestations: [
        {
          id: "number",
          from: "string",
          to: "string",
          pixelId: "null",
          reason: "string",
          by: "string",
          at: "string",
          run: "string",
          withdrawn: { at: "string", by: "string", because: "string" },
        },
      ],
    });
    const tsv = await shop.run("attest --list");
    expect(tsv.stdout.split("\n")[0]).toBe("no\tfrom\tto\tpixel\treason\tby\tat\trun\twithdrawn");
  });

  test("is a document with --json, the same in a dry run, which puts nothing on record", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    const dry = await shop.run(word(40, 0, "--dry-run", "--json"));
    expect(JSON.parse(dry.stdout)).toMatchObject({
      version: 1,
      command: "attest",
      run: null,
      dryRun: true,
      attestation: { id: null, reason: "the workers were gone", pixelId: null },
      sales: [{ id: sale, verdict: "ambiguous", becomes: "lost" }],
      totals: { count: 1, amount: "97.00" },
    });
    expect(dry.code).toBe(0);
    expect(await shop.attempts()).toBeNull();
    const real = await shop.run(word(40, 0, "--yes", "--jsonl"));
    expect(
      real.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { sale: { id: sale, becomes: "lost" } },
      { dryRun: false, attestation: { id: 1 }, totals: { count: 1 } },
    ]);
  });

  test("asks, and elsewhere than on a terminal needs --yes", async ({ shop }) => {
    await shop.sale({ paidHoursAgo: 30 });
    const { code, stdout, stderr } = await shop.run(word(40, 0));
    expect(stderr).toContain("error: attest that nothing was sent from ");
    expect(stderr).toContain("this needs a yes");
    expect([code, stdout]).toEqual([2, ""]);
    expect(await shop.attempts()).toBeNull();
  });

  test("reads a time without zone in the shop's, and about a pixel touches no other's sales", async ({
    shop,
  }) => {
    const [mine, other] = [
      await shop.sale({ paidHoursAgo: 30 }),
      await shop.sale({ paidHoursAgo: 30, botId: shop.bots[1] }),
    ];
    const local = (hours: number) =>
      new Date(Date.now() - (hours + 3) * 3_600_000).toISOString().slice(0, 19);
    const { stderr } = await shop.run([
      "attest",
      "--from",
      local(40),
      "--to",
      local(0),
      "--pixel",
      shop.pixels[0],
      "--reason",
      "its token was invalid",
      "--yes",
    ]);
    expect(stderr).toContain("the word covers 1 stuck sale (BRL 97.00): 1 ambiguous becomes lost");
    expect(await verdicts(shop)).toEqual({ [mine]: "lost", [other]: "ambiguous" });
    const [row] = await shop.db.query(
      "select round(extract(epoch from now() - to_at)) as ago, pixel_id from purchase_fix.attestation",
    );
    expect(Number(row?.["ago"])).toBeLessThan(60);
    expect(row?.["pixel_id"]).toBe(shop.pixels[0]);
  });

  test("keeps no secret that somebody put into the reason", async ({ shop }) => {
    const secret = `EAA${"Bcd1".repeat(10)}`;
    keepSecret("a token in a reason", secret);
    await shop.sale({ paidHoursAgo: 30 });
    const words = ["--reason", `access_token=${secret}\n was invalid`, "--yes"];
    expect((await shop.run(["attest", "--from", ago(40), "--to", ago(0), ...words])).code).toBe(0);
    const [row] = await given(shop);
    expect(row?.["reason"]).not.toContain(secret);
    expect(row?.["reason"]).toMatch(/^access_token=\[token\] was invalid$/);
  });

  test.for<[string, string[], string]>([
    ["without a reason", ["--from", ago(9), "--to", ago(1)], "A word needs its --reason"],
    ["with an empty one", ["--from", ago(9), "--to", ago(1), "--reason", "  "], "The --reason is empty"],
    [
      "with a long one",
      ["--from", ago(9), "--to", ago(1), "--reason", "x".repeat(301)],
      "The --reason is longer than 300",
    ],
    ["without a span", ["--reason", "x"], "attest needs --from and --to"],
    ["without its end", ["--from", ago(9), "--reason", "x"], "attest needs --from and --to"],
    [
      "with a span that ends before it begins",
      ["--from", ago(1), "--to", ago(9), "--reason", "x"],
      "is not after --from",
    ],
    ["about the future", ["--from", ago(1), "--to", ago(-1), "--reason", "x"], "lies in the future"],
    ["about a month", ["--from", ago(720), "--to", ago(1), "--reason", "x"], "longer than 14 days"],
    [
      "about no pixel",
      ["--from", ago(9), "--to", ago(1), "--reason", "x", "--pixel", "p"],
      "The --pixel is no pixel id",
    ],
    [
      "about no time",
      ["--from", "yesterday", "--to", ago(1), "--reason", "x"],
      "option '--from <time>' argument 'yesterday' is invalid",
    ],
    [
      "that is to do two things",
      ["--list", "--withdraw", "1"],
      "--list, --withdraw and a span are three commands",
    ],
    ["withdrawn without a reason", ["--withdraw", "1"], "--withdraw needs a --reason"],
  ])("%s exits with 2 and says why", async ([, words, what], { shop }) => {
    const { code, stdout, stderr } = await shop.run([
      "attest",
      ...words,
      ...(words.includes("--list") ? [] : ["--yes"]),
    ]);
    expect(stderr).toContain(what);
    expect([code, stdout]).toEqual([2, ""]);
    expect(await shop.attempts()).toBeNull();
  });
});

describe.skipIf(!hasTerminal()).concurrent("attest on a terminal", () => {
  test("says what the word covers before it asks; no is exit code 1 and nothing on record", async ({
    shop,
  }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    const asked = shop.onTerminal(word(40, 0, "--no-color"), { columns: 120 });
    await asked.said("attest that nothing was sent from ");
    await asked.type("n\n");
    const no = await asked.ended;
    expect(no.stdout).toMatch(
      /the word covers 1 stuck sale[^]*attest that nothing was sent from [^]*nothing was put on record/,
    );
    expect(no.code).toBe(1);
    expect(await shop.attempts()).toBeNull();
    const again = shop.onTerminal(word(40, 0, "--no-color"), { columns: 120 });
    await again.said("attest that nothing was sent from ");
    await again.type("y\n");
    const { stdout, code } = await again.ended;
    expect(stdout).toContain("attestation 1 is on record");
    expect(code).toBe(0);
    expect(await verdicts(shop)).toEqual({ [sale]: "lost" });
    const { stdout: list } = await shop.onTerminal("attest --list --no-color", { columns: 80 }).ended;
    const lines = list.split("\n").map((line) => Array.from(line.trimEnd()).length);
    expect(Math.max(...lines)).toBeLessThanOrEqual(80);
    expect(list).toContain("the workers");
  });
});

describe.concurrent("confirm --event-id", () => {
  const confirm = (sale: number | string, eventId: string, ...more: string[]) => [
    "confirm",
    "--id",
    String(sale),
    "--event-id",
    eventId,
    "--reason",
    "seen in the Events Manager",
    ...more,
  ];

  test("stores the id of one sale, journals whose word it is, and sends nothing", async ({ shop }) => {
    const [sale, other] = [await shop.sale({ paidHoursAgo: 60 }), await shop.sale()];
    const { code, stdout, stderr } = await shop.run(confirm(sale, "pageview_seen"));
    expect(await shop.states()).toEqual({ [sale]: "confirmed as pageview_seen", [other]: "stuck" });
    expect(stdout).toMatch(
      new RegExp(
        `^${sale}\\t.*\\tdelivered\\tconfirmed\\tpageview_seen\\t.* attests that Meta has it: seen in the Events Manager$`,
        "m",
      ),
    );
    expect(stderr).toMatch(/^run [0-9a-f]{12}: confirmed 1 \(BRL 97\.00\)\n$/);
    expect(code).toBe(0);
    const [row] = await shop.db.query(
      "select event_id, event_id_origin, pixel_id, effect, answer, because from purchase_fix.attempt",
    );
    expect(row).toEqual({
      event_id: "pageview_seen",
      event_id_origin: "attestation",
      pixel_id: shop.pixels[0],
      effect: "confirmed",
      answer: null,
      because: expect.stringMatching(/@.* attests that Meta has it: seen in the Events Manager$/),
    });
    expect(await shop.requests()).toEqual([]);
    expect((await shop.run("find-stuck --hours 100 --exit-code")).stdout).not.toContain(`\n${sale}\t`);
  });

  test("is undone by the statement that journal prints: the sale is stuck again, as it was", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    const { stderr } = await shop.run(confirm(sale, "pageview_wrong"));
    const run = /^run (\w+):/.exec(stderr)?.[1] ?? "";
    const { stdout, code } = await shop.run(`journal --run ${run} --sql`);
    expect(code).toBe(0);
    await shop.db.query("update payments set meta_event_id = 'pageview_theirs'");
    await shop.db.query(stdout);
    expect(await shop.states()).toEqual({ [sale]: "confirmed as pageview_theirs" });
    await shop.db.query("update payments set meta_event_id = 'pageview_wrong'");
    await shop.db.query(stdout);
    expect(await shop.snapshot()).toEqual(before);
  });

  test("with --dry-run says what it would do, and does not", async ({ shop }) => {
    const sale = await shop.sale();
    const { stdout, code } = await shop.run(confirm(sale, "pageview_seen", "--dry-run"));
    expect(stdout).toMatch(
      new RegExp(`^${sale}\\t.*\\twould confirm\\tpageview_seen \\(evidence\\)\\t`, "m"),
    );
    expect(code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("leaves a sale whose id another click's sale is stored under; a sale of its own click may bear it", async ({
    shop,
  }) => {
    const [taken, sale] = [await shop.sale({ metaEventId: "pageview_taken" }), await shop.sale()];
    const { code, stdout } = await shop.run(confirm(sale, "pageview_taken"));
    expect(stdout).toContain(`sale ${taken}, of another click, is stored under that event id`);
    expect(code).toBe(1);
    expect(await shop.states()).toMatchObject({ [sale]: "stuck" });
    expect(await shop.attempts()).toBeNull();
  });

  test("leaves a sale that was folded", async ({ shop }) => {
    const first = await shop.sale({ pageviewEventId: "pageview_shared" });
    await shop.run(`resend --id ${first}`);
    const second = await shop.sale({ pageviewEventId: "pageview_shared", paidHoursAgo: 0.5 });
    await shop.db.query(
      "update payments set meta_purchase_sent_at = now() at time zone 'America/Sao_Paulo' where id = $1",
      [second],
    );
    const { code, stdout } = await shop.run(confirm(second, "pageview_shared"));
    expect(stdout).toContain(`Meta counted its event id for sale ${first}`);
    expect(code).toBe(1);
    expect(await shop.states()).toMatchObject({ [second]: "stuck" });
  });

  test("does not cut an id that is too long for the column: it says how long both are", async ({ shop }) => {
    const sale = await shop.sale();
    const { code, stdout, stderr } = await shop.run(confirm(sale, "p".repeat(101)));
    expect(stderr).toContain("The event id has 101 characters, and payments.meta_event_id holds 100");
    expect([code, stdout]).toEqual([2, ""]);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect((await shop.run(confirm(sale, "p".repeat(100)))).code).toBe(0);
  });

  test("leaves a sale that is not stuck, or that moved", async ({ shop }) => {
    const sale = await shop.sale({ metaEventId: "pageview_own" });
    const { code, stdout } = await shop.run(confirm(sale, "pageview_seen"));
    expect(stdout).toContain("not stuck: Meta confirmed it");
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [sale]: "confirmed as pageview_own" });
  });

  test.for<[string, string[], string]>([
    ["without a reason", ["--id", "9001", "--event-id", "x"], "--event-id needs a --reason"],
    ["a reason alone", ["--id", "9001", "--reason", "x"], "--reason goes with --event-id"],
    [
      "two sales",
      ["--id", "9001,9002", "--event-id", "x", "--reason", "x"],
      "--event-id is proof for one sale",
    ],
    [
      "a window",
      ["--hours", "24", "--event-id", "x", "--reason", "x", "--yes"],
      "--event-id is proof for one sale",
    ],
    ["an id with blanks", ["--id", "9001", "--event-id", "a b", "--reason", "x"], "The --event-id is none"],
    ["no sale", ["--id", "1", "--event-id", "x", "--reason", "x"], "No sale bears 1"],
  ])("%s exits with 2 and says why", async ([, words, what], { shop }) => {
    const { code, stdout, stderr } = await shop.run(["confirm", ...words]);
    expect(stderr).toContain(what);
    expect([code, stdout]).toEqual([2, ""]);
  });
});
