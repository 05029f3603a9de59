import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { migrations } from "../../src/queries/journal-schema.js";
import type { Shop } from "./fixtures.js";
import { test } from "./fixtures.js";
import { shapeOf } from "./shape.js";

/*
 * A month of the shop, made by the real program and the application beside it. Who is who, and what became of them:
 *
 * Ana is stuck, and nobody has touched her. Bia was reverted. Caio was resent, and so was Ivo, a customer of the other
 * bot. Davi was confirmed on an operator's word. Eva is stuck and paid eight days ago. Fábio was reverted, and the
 * application sent him. Gil was reverted, and refunded. Hugo was reverted, and that was undone. Kai was refused by Meta.
 * Luz was resent, and that was undone against all advice. Nina was tried by us while the application confirmed her.
 * Pia was tried in vain and is in quarantine. Somebody lets Rui rest.
 *
 * Jô was confirmed by the application alone, Mia is not sent yet, Otto was stuck and paid forty days ago.
 */
async function month(shop: Shop) {
  const [, other] = shop.bots;
  const who = {
    ana: await shop.sale({ amount: 10 }),
    bia: await shop.sale({ amount: 20 }),
    caio: await shop.sale({ amount: 30, paidHoursAgo: 30 }),
    davi: await shop.sale({ amount: 40 }),
    eva: await shop.sale({ amount: 50, paidHoursAgo: 8 * 24 }),
    fabio: await shop.sale({ amount: 60.5 }),
    gil: await shop.sale({ amount: 70 }),
    hugo: await shop.sale({ amount: 80 }),
    ivo: await shop.sale({ amount: 90, botId: other }),
    jo: await shop.sale({ amount: 1000, metaEventId: "pageview_jo" }),
    kai: await shop.sale({ amount: 100 }),
    luz: await shop.sale({ amount: 110 }),
    mia: await shop.sale({ amount: 2000, flagged: false }),
    nina: await shop.sale({ amount: 120 }),
    pia: await shop.sale({ amount: 130 }),
    rui: await shop.sale({ amount: 140 }),
    otto: await shop.sale({ amount: 4000, paidHoursAgo: 40 * 24 }),
  };
  const did = async (words: string, code = 0) => {
    const ended = await shop.run(words);
    expect([words, ended.code, ended.stderr]).toEqual([words, code, ended.stderr]);
  };
  const move = (change: string, id: number) =>
    shop.db.query(`update payments set ${change} where id = $1`, [id]);
  const lastRun = async () => (await shop.attempts())?.at(-1)?.run ?? "";
  await did(`revert --id ${who.bia},${who.fabio},${who.gil} --without-proof`);
  await did(`resend --id ${who.caio},${who.ivo}`);
  await shop.run([
    "confirm",
    "--id",
    String(who.davi),
    "--event-id",
    "pageview_davi",
    "--reason",
    "seen by Rita",
  ]);
  await move("meta_purchase_sent = true, meta_purchase_sent_at = now(), meta_event_id = 'theirs'", who.fabio);
  await move("status = 'refunded'", who.gil);
  await did(`revert --id ${who.hugo}`);
  await did(`undo ${await lastRun()} --yes`);
  await shop.fault({ fault: "event-refused", eventId: `pageview_${who.kai}` });
  await did(`resend --id ${who.kai}`, 1);
  await did(`resend --id ${who.luz}`);
  await did(`undo ${await lastRun()} --yes --even-accepted`);
  await shop.fault({ fault: "event-refused", eventId: `pageview_${who.nina}` });
  await did(`resend --id ${who.nina}`, 1);
  await move("meta_event_id = 'theirs_too'", who.nina);
  await shop.fault({ fault: "unknown-4xx", match: { eventId: `pageview_${who.pia}` } });
  await did(`resend --id ${who.pia}`, 1);
  await shop.run(["acknowledge", String(who.rui), "--reason", "paid twice, Rita knows"]);
  return who;
}

interface Cell {
  readonly count: number;
  readonly amount: string;
}
interface Row extends Cell, Record<string, unknown> {}
interface Document extends Record<string, unknown> {
  readonly totals: Row & { readonly outside: Cell };
  readonly byDay: Row[];
  readonly byBot: Row[];
  readonly byPixel: Row[];
  readonly byCause: Row[];
}

const documentOf = (stdout: string) => JSON.parse(stdout) as Document;
const cell = (count: number, amount: string): Cell => ({ count, amount });

describe.concurrent("report", () => {
  test("counts every sale of a month once, in what became of it last, and leaves out who was never stuck", async ({
    shop,
  }) => {
    const who = await month(shop);
    const before = await shop.snapshot();
    const journal = await shop.attempts();
    const { stdout, code } = await shop.run("report --json --max-attempts 1");
    expect(code).toBe(0);
    const { byDay, byBot, byPixel, byCause, totals } = documentOf(stdout);
    expect(totals).toEqual({
      // Ana, Hugo, Kai and Luz
      stuck: cell(4, "300.00"),
      // Pia, Rui
      quarantined: cell(1, "130.00"),
      acknowledged: cell(1, "140.00"),
      reverted: cell(1, "20.00"),
      expired: cell(1, "50.00"),
      confirmedLate: cell(1, "40.00"),
      resent: cell(2, "120.00"),
      // Fábio and Nina
      byApplication: cell(2, "180.50"),
      closed: cell(1, "70.00"),
      count: 14,
      amount: "1050.50",
      // Otto
      outside: cell(1, "4000.00"),
    });
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toEqual(journal);

    // The same sums in every section, each sale on its own day, bot, pixel and cause.
    for (const rows of [byDay, byBot, byPixel, byCause]) {
      expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(totals.count);
      expect(rows.reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(Number(totals.amount));
    }
    const days = await shop.db.query<{ id: number; day: string }>(
      "select id, created_at::date::text as day from payments",
    );
    const dayOf = (id: number) => days.find((row) => row.id === id)?.day;
    expect(byDay.find(({ day }) => day === dayOf(who.eva))).toMatchObject({
      count: 1,
      expired: cell(1, "50.00"),
    });
    expect(byDay.find(({ day }) => day === dayOf(who.caio))?.["resent"]).toEqual(cell(1, "30.00"));
    expect(byDay[0]?.["day"]).toBe(dayOf(who.eva)); // the oldest first
    expect(byBot).toMatchObject([
      { botId: shop.bots[0], botName: "Violão em Casa", count: 13 },
      { botId: shop.bots[1], botName: "Receitas da Vovó", count: 1, resent: cell(1, "90.00") },
    ]);
    expect(byPixel.map(({ pixelId, count }) => [pixelId, count])).toEqual([
      [shop.pixels[0], 13],
      [shop.pixels[1], 1],
    ]);
    // Kai's refusal is on record; nobody tells what kept the others.
    expect(byCause).toMatchObject([
      { cause: "unknown", count: 13 },
      { cause: "meta-refused", count: 1, stuck: cell(1, "100.00") },
    ]);

    // On a terminal all four sections, what they come to, a chart, and what to run next.
    const { stdout: screen } = await shop.onTerminal("report --no-color --max-attempts 1", { columns: 140 })
      .ended;
    for (const head of [/^Day +Sales/m, /^Bot +Sales/m, /^Pixel +Sales/m, /^Cause +Sales/m])
      expect(screen).toMatch(head);
    expect(screen).toMatch(/^Receitas da Vovó +1 +90\.00 .* 1 \(90\.00\)/m);
    expect(screen).toContain("14 sales that were stuck, BRL 1050.50 (created from ");
    expect(screen).toContain(
      "Meta has 5, BRL 340.50: 1 confirmed late, 2 resent, 2 by application\n" +
        "still open: 7, BRL 590.00: 4 stuck, 1 quarantined, 1 acknowledged, 1 reverted\n" +
        "too late for Meta: 1, BRL 50.00: 1 expired\n" +
        "closed without Meta: 1, BRL 70.00: 1 closed\n" +
        "outside this window: 1 sale still open, BRL 4000.00\n" +
        "next: purchase-fix find-stuck --since ",
    );
    expect(screen).toMatch(/sales by day\n.*█/);
  }, 120_000);

  test("has a document whose fields and types are pinned", async ({ shop }) => {
    await shop.sale();
    const { stdout } = await shop.run("report --json");
    const sum = { count: "number", amount: "string" };
    const sums = {
      ...sum,
      stuck: sum,
      quarantined: sum,
      acknowledged: sum,
      reverted: sum,
      expired: sum,
      confirmedLate: sum,
      resent: sum,
      byApplication: sum,
      closed: sum,
    };
    expect(shapeOf(JSON.parse(stdout))).toEqual({
      version: "number",
      command: "string",
      generatedAt: "string",
      window: { since: "string", until: "null", timeZone: "string" },
      currency: "string",
      totals: { ...sums, outside: sum },
      byDay: [{ day: "string", ...sums }],
      byBot: [{ botId: "number", botName: "string", ...sums }],
      byPixel: [{ pixelId: "string", ...sums }],
      byCause: [{ cause: "string", ...sums }],
    });
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, command: "report", currency: "BRL" });
  });

  test("tells one section in a pipe: that of days, or the one that was asked for", async ({ shop }) => {
    await shop.sale({ amount: 10 });
    const [days, bots, one, lines] = await Promise.all([
      shop.run("report"),
      shop.run("report --by bot"),
      shop.run("report --by bot --json"),
      shop.run("report --by pixel --jsonl"),
    ]);
    const cells =
      "sales\tamount\tstuck\tstuck_amount\tquarantined\tquarantined_amount\tacknowledged\tacknowledged_amount\treverted\treverted_amount\texpired\texpired_amount\tconfirmed_late\tconfirmed_late_amount\tresent\tresent_amount\tby_application\tby_application_amount\tclosed\tclosed_amount";
    expect(days.stdout.split("\n")[0]).toBe(`day\t${cells}`);
    expect(bots.stdout.split("\n").slice(0, 2)).toEqual([
      `bot\tbot_id\t${cells}`,
      `Violão em Casa\t19\t1\t10.00\t1\t10.00${"\t0\t0.00".repeat(8)}`,
    ]);
    expect(Object.keys(documentOf(one.stdout)).filter((name) => name.startsWith("by"))).toEqual(["byBot"]);
    const parsed = lines.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Row);
    expect(parsed).toMatchObject([
      { by: "pixel", pixelId: shop.pixels[0], count: 1 },
      { command: "report", totals: { count: 1, outside: { count: 0 } } },
    ]);
  });

  test("takes whole days of the shop's zone, or a span", async ({ shop }) => {
    const [today] = await shop.db.query<{ day: string; midnight: string }>(
      `select (now() at time zone 'America/Sao_Paulo')::date::text as day,
              to_char(date_trunc('day', now() at time zone 'America/Sao_Paulo') at time zone 'America/Sao_Paulo'
                      at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') as midnight`,
    );
    const midnight = Date.parse(`${today?.midnight}Z`);
    await shop.sale({ amount: 1, createdAt: midnight });
    await shop.sale({ amount: 2, createdAt: midnight - 1 });
    const of = async (words: string) => documentOf((await shop.run(`report --json ${words}`)).stdout);
    const day = await of("--days 1");
    expect(day["window"]).toMatchObject({ since: new Date(midnight).toISOString(), until: null });
    expect(day.byDay).toMatchObject([{ day: today?.day, count: 1, amount: "1.00" }]);
    expect(day.totals.outside).toEqual(cell(1, "2.00"));
    expect((await of("--days 2")).totals.amount).toBe("3.00");
    const span = await of(
      `--since ${new Date(midnight - 60_000).toISOString()} --until ${new Date(midnight).toISOString()}`,
    );
    expect(span.totals.amount).toBe("2.00");
  });

  test("works without a journal, and with one of every version, and writes nothing to any", async ({
    shop,
  }) => {
    const sale = await shop.sale({ amount: 10 });
    const stuck = async () => documentOf((await shop.run("report --json")).stdout).totals["stuck"];
    expect(await stuck()).toEqual(cell(1, "10.00"));
    expect(await shop.attempts()).toBeNull();
    for (const { version, sql } of migrations) {
      await shop.db.query(sql);
      expect(await stuck()).toEqual(cell(1, "10.00"));
      const [newest] = await shop.db.query("select max(version) as version from purchase_fix.version");
      expect(newest).toEqual({ version });
    }
    expect(await shop.attempts()).toEqual([]);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("tells the cause that a later journal keeps with its attempts", async ({ shop }) => {
    const [resent, stuck, odd] = [await shop.sale(), await shop.sale(), await shop.sale()];
    await shop.run(`resend --id ${resent},${odd}`);
    await shop.run(`revert --id ${stuck}`);
    const name = (cause: string, id: number) =>
      shop.db.query("update purchase_fix.attempt set cause = $1 where sale_id = $2", [cause, id]);
    await name("celery-timeout", resent);
    await name("not-queued", stuck);
    await name("of a version that is not written yet", odd);
    const { byCause } = documentOf((await shop.run("report --json")).stdout);
    expect(Object.fromEntries(byCause.map((row) => [row["cause"], row]))).toMatchObject({
      "celery-timeout": { count: 1, resent: { count: 1 } },
      "not-queued": { count: 1, reverted: { count: 1 } },
      unknown: { count: 1, resent: { count: 1 } },
    });
  });

  test("writes the page whole, in the place of an earlier one, and says where it is", async ({
    shop,
    folder,
  }) => {
    await shop.sale({ amount: 10 });
    const page = folder.write("report.html", "an earlier one", 0o640);
    const { code, stderr, stdout } = await shop.run(["report", "--html", page]);
    expect(stderr).toContain(`the page is ${page}\n`);
    expect(stdout).toContain("\t10.00\t");
    expect(code).toBe(0);
    expect(readFileSync(page, "utf8")).toMatch(/^<!doctype html>\n<html lang="en">[^]*<\/html>\n$/);
    expect(statSync(page).mode & 0o777).toBe(0o640);
  });

  test.for<[string, string]>([
    ["report --html FOLDER/none/report.html", "could not be written"],
    ["report --html FOLDER", "is no file"],
    ["report --html /dev/null", "/dev/null is no file"],
    ["report --html -", "Give the name of a file."],
    ["report --days 0", "whole number of days"],
    ["report --days 3 --since 2026-11-01", "cannot be used with option"],
    ["report --until 2026-11-01", "--until needs --since"],
    ["report --by week", "Allowed choices are day, bot, pixel, cause"],
    ["report --csv --json", "cannot be used with option"],
  ])("%s ends with 2, and stdout stays empty", async ([words, what], { shop, folder }) => {
    const { code, stdout, stderr } = await shop.run(words.replace("FOLDER", join(folder.path)));
    expect(stderr).toContain(what);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("says that nothing was stuck where nothing was", async ({ shop }) => {
    const { code, stderr, stdout } = await shop.run("report");
    expect(stderr).toContain("no sale is stuck, and the journal knows of none (created from ");
    expect(stdout.split("\n")).toHaveLength(2);
    expect(code).toBe(0);
  });
});
