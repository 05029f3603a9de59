import { describe, expect } from "vitest";
import { test } from "./fixtures.js";
import type { Shop } from "./fixtures.js";
import { migrations } from "../../src/queries/journal-schema.js";
import { shapeOf } from "./shape.js";

interface Entry {
  readonly run: string;
  readonly saleId: number;
  readonly answer: string | null;
  readonly effect: string | null;
}

async function entries(shop: Shop, words = "journal"): Promise<readonly Entry[]> {
  const { stdout } = await shop.run(`${words} --json`);
  return (JSON.parse(stdout) as { attempts: Entry[] }).attempts;
}

describe.concurrent("journal", () => {
  test("says so where nothing was ever changed", async ({ shop }) => {
    const { code, stdout, stderr } = await shop.run("journal");
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stderr).toBe("no journal in this database yet: nothing has been changed by purchase-fix\n");
    expect(code).toBe(0);
  });

  test("lists every attempt, the newest first, with fields and types pinned", async ({ shop }) => {
    const [sent, refused, reverted] = [await shop.sale(), await shop.sale(), await shop.sale()];
    await shop.fault({ fault: "event-refused", eventId: `pageview_${refused}` });
    await shop.run(`resend --id ${sent}`);
    await shop.run(`resend --id ${refused}`);
    await shop.run(`revert --id ${reverted}`);
    const { stdout, stderr, code } = await shop.run("journal --json");
    const state = { flagged: "boolean | null", flaggedAt: "string | null", metaEventId: "string | null" };
    expect(shapeOf(JSON.parse(stdout))).toEqual({
      version: "number",
      command: "string",
      generatedAt: "string",
      attempts: [
        {
          id: "number",
          run: "string",
          command: "string",
          saleId: "number",
          paymentId: "string",
          eventId: "string | null",
          eventIdOrigin: "string | null",
          pixelId: "string | null",
          before: { ...state, flagged: "boolean", flaggedAt: "string", metaEventId: "null" },
          after: state,
          answer: "string | null",
          effect: "string",
          httpStatus: "number | null",
          code: "number | null",
          subcode: "number | null",
          fbtraceId: "string | null",
          because: "string",
          attemptedAt: "string",
          settledAt: "string",
          host: "string",
          user: "string",
        },
      ],
    });
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      command: "journal",
      attempts: [
        { command: "revert", saleId: reverted, answer: null, effect: "reverted", after: { flagged: false } },
        {
          command: "resend",
          saleId: refused,
          answer: "refused",
          effect: "kept",
          code: 100,
          subcode: 2804050,
        },
        {
          command: "resend",
          saleId: sent,
          answer: "accepted",
          effect: "confirmed",
          httpStatus: 200,
          eventId: `pageview_${sent}`,
          eventIdOrigin: "pageview_event_id",
          pixelId: shop.pixels[0],
          after: { flagged: true, metaEventId: `pageview_${sent}` },
        },
      ],
    });
    expect(stderr).toBe("3 attempts\n");
    expect(code).toBe(0);
  });

  test("picks a run, sales by either name, and what has no certain answer", async ({ shop }) => {
    const [a, b, open] = [
      await shop.sale(),
      await shop.sale({ paymentId: "BOT19_1763607031_b" }),
      await shop.sale(),
    ];
    await shop.run(`revert --id ${a},${b}`);
    await shop.fault({ fault: "reset", times: 3 });
    await shop.run(`resend --id ${open}`);
    const all = await entries(shop);
    const sales = async (words: string) =>
      (await entries(shop, `journal ${words}`)).map(({ saleId }) => saleId);
    expect(
      await Promise.all([
        sales(`--run ${all.at(-1)?.run}`),
        sales(`--id ${a},BOT19_1763607031_b`),
        sales("--unsettled"),
        sales("--limit 1"),
        sales("--run 00000000"),
      ]),
    ).toEqual([[b, a], [b, a], [open, open, open], [open], []]);
  });

  test("reads names from standard input, as every command does", async ({ shop }) => {
    const [a, b, other] = [
      await shop.sale(),
      await shop.sale({ paymentId: "BOT19_1763607031_b" }),
      await shop.sale(),
    ];
    await shop.run(`revert --id ${a},${b},${other}`);
    const { stdout } = await shop.run("journal --id - --json", { input: `${a}\nBOT19_1763607031_b\n` });
    expect((JSON.parse(stdout) as { attempts: Entry[] }).attempts.map(({ saleId }) => saleId)).toEqual([
      b,
      a,
    ]);
    const nothing = await shop.run("journal --id -", { input: "\n" });
    expect(nothing.stderr).toContain("error: Standard input names no sale\n");
    expect([nothing.code, nothing.stdout]).toEqual([2, ""]);
  });

  test("prints a table of tab-separated values, and lines of JSON with a last one of totals", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    await shop.run(`revert --id ${sale}`);
    const [tsv, jsonl] = await Promise.all([shop.run("journal"), shop.run("journal --jsonl")]);
    expect(tsv.stdout.split("\n")[0]).toBe(
      "attempted_at\trun\tcommand\tsale\tpayment\tevent_id\tpixel\tanswer\teffect\tcode\ttrace\tby\tbecause",
    );
    expect(tsv.stdout).toMatch(new RegExp(`\\trevert\\t${sale}\\t`));
    expect(tsv.stderr).toBe("1 attempt\n");
    const lines = jsonl.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([{ saleId: sale }, { command: "journal", totals: { count: 1 } }]);
  });

  test("says with --limit that there may be more", async ({ shop }) => {
    const [a, b] = [await shop.sale(), await shop.sale()];
    await shop.run(`revert --id ${a},${b}`);
    const { stderr } = await shop.run("journal --limit 1");
    expect(stderr).toBe("1 attempt (the newest; --limit shows more)\n");
  });

  test("shows what a dead run left open", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "no-answer" });
    const running = shop.start(`resend --id ${sale}`);
    await shop.requests(1);
    running.kill("SIGQUIT");
    await running.ended;
    const { stdout } = await shop.run("journal --unsettled");
    expect(stdout).toMatch(new RegExp(`\\t${sale}\\t.*\\t\\tunsettled\\t`));
    expect((await shop.run("find-stuck")).stdout).toContain("its run ended before one came");
  });
});

describe.concurrent("journal --run ID --sql", () => {
  test("restores exactly what a revert took away, and leaves rows that moved since", async ({ shop }) => {
    const [sale, confirmed, flagged, refunded, other] = [
      await shop.sale(),
      await shop.sale(),
      await shop.sale(),
      await shop.sale(),
      await shop.sale(),
    ];
    const before = await shop.snapshot();
    await shop.run(`revert --id ${sale},${confirmed},${flagged},${refunded}`);
    const move = (change: string, id: number) =>
      shop.db.query(`update payments set ${change} where id = $1`, [id]);
    await move("meta_event_id = 'pageview_theirs'", confirmed);
    await move("meta_purchase_sent = true", flagged);
    await move("status = 'cancelled'", refunded);
    const [last] = await entries(shop);
    const { code, stdout, stderr } = await shop.run(`journal --run ${last?.run} --sql`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    await shop.db.query(stdout);
    expect(await shop.states()).toEqual({
      [sale]: "stuck",
      [confirmed]: "not flagged, with pageview_theirs",
      [flagged]: "flagged without a time",
      [refunded]: "cancelled",
      [other]: "stuck",
    });
    const rowOfSale = (rows: readonly string[]) =>
      rows.filter((row) => /^\((\d+),/.exec(row)?.[1] === String(sale));
    expect(rowOfSale(await shop.snapshot())).toEqual(rowOfSale(before));
  });

  test("gives back no sale that Meta accepted: it would count twice", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.run(`resend --id ${sale}`);
    const [last] = await entries(shop);
    const before = await shop.snapshot();
    const { stdout } = await shop.run(`journal --run ${last?.run} --sql`);
    expect(stdout).toContain(`-- sale ${sale} is left: Meta has it as pageview_${sale}`);
    await shop.db.query(stdout);
    expect(await shop.snapshot()).toEqual(before);
  });

  test.for<[string, string]>([
    ["journal --sql", "--sql needs the run to undo"],
    ["journal --run 00000000 --sql", "Run 00000000 changed no row (or is not in this journal)"],
  ])("%s exits with 2 and says why", async ([words, what], { shop }) => {
    const { code, stdout, stderr } = await shop.run(words);
    expect(stderr).toContain(`error: ${what}\n`);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe.concurrent("init", () => {
  test("makes the journal's schema, twice as well as once, and changes no sale", async ({ shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    expect((await shop.run("init")).stderr).toBe("the journal's schema purchase_fix is there\n");
    expect((await shop.run("init")).code).toBe(0);
    expect(await shop.attempts()).toEqual([]);
    expect(await shop.snapshot()).toEqual(before);
  });

  test("prints with --print the statements for somebody who may, and runs none", async ({ shop }) => {
    const sale = await shop.sale();
    const { stdout } = await shop.run("init --print");
    expect(await shop.attempts()).toBeNull();
    await shop.db.query(stdout);
    expect((await shop.run(`revert --id ${sale}`)).code).toBe(0);
    expect(await shop.attempts()).toMatchObject([{ sale, effect: "reverted" }]);
  });

  test("prints without a database, too", async ({ shop }) => {
    const { code, stdout } = await shop.run("init --print", { env: { DATABASE_URL: undefined } });
    expect(stdout).toContain("create schema if not exists purchase_fix");
    expect(code).toBe(0);
  });

  test("brings a journal of the first version up to date; commands that look leave it as it is", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    await shop.db.query(migrations[0]?.sql ?? "");
    const versions = async () =>
      (await shop.db.query("select version from purchase_fix.version order by 1")).map(
        (row) => row["version"],
      );
    for (const words of ["find-stuck", "journal", "attest --list", `revert --id ${sale} --dry-run`]) {
      const { code, stderr } = await shop.run(words);
      expect([words, code, /warning|error/.test(stderr)]).toEqual([words, 0, false]);
    }
    expect(await versions()).toEqual([1]);
    expect((await shop.run(`revert --id ${sale}`)).code).toBe(0);
    expect(await versions()).toEqual([1, 2, 3, 4]);
    expect((await shop.run("init --print")).stdout).toContain(
      "create table if not exists purchase_fix.attestation",
    );
  });
});
