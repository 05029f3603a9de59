import { stripVTControlCharacters } from "node:util";
import { describe, expect } from "vitest";
import { hasTerminal } from "../cast/binary.js";
import { test } from "./fixtures.js";
import type { Shop } from "./fixtures.js";

/** What somebody may type as his name, or a bot's owner as the bot's. */
const texts = [
  `'); drop table payments; --`,
  `'; select pg_sleep(9) --\\`,
  `$1 $$ \${x} \`id\` %s {{7*7}} <b>&amp;`,
  "\u001B[2J\u001B]0;owned\u0007\u009B31m",
  "\u202Egnp.exe\u2066\u200Ba\u00ADb",
  "\\0 \\u0000 %00 \u2400 \uFFFE",
  "tab\tand\r\nlines\u2028\u2029\u0085\u000B",
  `"quoted", 'twice' \\" {"a":1} ]`,
  "👩‍👩‍👧 ❤️ 🇧🇷 店舗 متجر",
] as const;

/** What a terminal obeys, or hides; the joiner and the selector are part of emoji. */
const harmful = new RegExp(
  String.raw`[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]`,
  "u",
);

const columns = `
  customer_name customer_email customer_phone customer_city customer_state customer_country customer_gender
  customer_username customer_document product_name fbp fbc fbclid tracking_token
  utm_source utm_medium utm_campaign utm_content utm_term campaign_code`
  .trim()
  .split(/\s+/);

/** A stuck sale for each text, which stands in every column of its row, its bot's, its customer's and its pool's. */
async function maliciousShop(shop: Shop): Promise<number[]> {
  const widened = [...columns, "payment_id", "pageview_event_id"].map((name) => `alter ${name} type text`);
  await shop.db.query(`alter table payments ${widened.join(", ")}`);
  const sales: number[] = [];
  for (const [at, text] of texts.entries()) {
    const [bot] = await shop.db.query<{ id: number }>(
      "insert into bots (name, username) values ($1, $1) returning id",
      [text],
    );
    const botId = bot?.id ?? 0;
    await shop.db.query("insert into pool_bots (pool_id, bot_id, is_enabled) values ($1, $2, true)", [
      shop.pools[0],
      botId,
    ]);
    const customer = `${at} ${text}`;
    await shop.db.query(
      "insert into bot_users (bot_id, telegram_user_id, user_agent, ip_address) values ($1, $2, $3::text, left($3::text, 255))",
      [botId, customer, text],
    );
    // Its own text, since none of a customer's may be printed at all.
    const extra = Object.fromEntries(columns.map((name) => [name, `${name}: ${text}`]));
    sales.push(
      await shop.sale({
        botId,
        customerUserId: customer,
        paymentId: `${text}#${at}`,
        pageviewEventId: `${text}#${at}`,
        extra: { ...extra, customer_email: `cliente.${at}@example.com` },
      }),
    );
  }
  await shop.db.query("update redirect_pools set name = $1::text, slug = left($1::text, 50)", [texts[3]]);
  return sales;
}

/** Cells of a TSV document; fails where a line has more or fewer than the head. */
function cellsOf(tsv: string): string[][] {
  const lines = tsv
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.split("\t"));
  for (const line of lines) expect(line).toHaveLength(lines[0]?.length ?? 0);
  return lines.slice(1);
}

describe.concurrent("a text in a row, whatever it is, stays a text", () => {
  test("in every format of every command, in what is sent, and in the database", async ({ shop }) => {
    const sales = await maliciousShop(shop);
    const odd = await shop.sale({ status: texts[3].slice(0, 20) });
    const other = await shop.sale({ botId: shop.bots[1] });
    const named = `--id ${[...sales, odd, other].join(",")}`;
    const before = await shop.snapshot();
    const look = async (words: string) => {
      const { code, stdout, stderr } = await shop.run(words);
      expect(`${words}: ${code} ${/unexpected/.exec(stderr)?.[0] ?? ""}`).toMatch(/: [01] $/);
      expect(stdout.replaceAll(/[\n\t]/g, "")).not.toMatch(harmful);
      expect(stderr.replaceAll("\n", "")).not.toMatch(harmful);
      return stdout;
    };

    const listed = JSON.parse(await look("find-stuck --hours 24 --json")) as {
      sales: { id: number; paymentId: string; botName: string; eventId: string }[];
    };
    const told = new Map(listed.sales.map((sale) => [sale.id, sale]));
    for (const [at, text] of texts.entries()) {
      const sale = told.get(sales[at] ?? 0);
      expect(sale).toMatchObject({ botName: text, paymentId: `${text}#${at}`, eventId: `${text}#${at}` });
    }
    expect(cellsOf(await look("find-stuck --hours 24 --tsv"))).toHaveLength(texts.length + 1);
    expect((await look("find-stuck --hours 24 --jsonl")).trimEnd().split("\n")).toHaveLength(
      texts.length + 2,
    );
    for (const sale of sales) {
      await look(`explain ${sale}`);
      JSON.parse(await look(`explain ${sale} --json`));
      cellsOf(await look(`explain ${sale} --tsv`));
    }
    expect(cellsOf(await look(`resend ${named} --dry-run --tsv`))).toHaveLength(texts.length + 2);
    expect(await shop.snapshot()).toEqual(before);

    const sent = JSON.parse(await look(`resend ${named} --json`)) as object;
    expect(sent).toHaveProperty("outcomes");
    const counted = await shop.counted();
    expect(counted).toEqual(
      [...texts.map((text, at) => `${text}#${at}`), `pageview_${other}`].toSorted((a, b) =>
        a.localeCompare(b),
      ),
    );
    expect(cellsOf(await look("journal --tsv"))).toHaveLength(texts.length + 1);
    expect(cellsOf(await look("report --by bot --tsv"))).toHaveLength(texts.length + 1);
    const { byBot } = JSON.parse(await look("report --json")) as { byBot: { botName: string }[] };
    expect(byBot.map(({ botName }) => botName)).toEqual(expect.arrayContaining([...texts]));
    const csv = (await shop.run("report --by bot --csv")).stdout.replaceAll("\r\n", "");
    expect(csv).not.toMatch(harmful);
    JSON.parse(await look("journal --json"));
    expect((await shop.states())[odd]).toBe(texts[3].slice(0, 20));
  });

  test("in the statements that are printed for psql", async ({ shop }) => {
    const sales = await maliciousShop(shop);
    const found = await shop.run("find-stuck --hours 24 --sql");
    expect(await shop.db.query(found.stdout)).toHaveLength(sales.length);
    const reverted = await shop.run(`revert --id ${sales.join(",")} --json`);
    const { run } = JSON.parse(reverted.stdout) as { run: { id: string } | string };
    const id = typeof run === "string" ? run : run.id;
    const { stdout } = await shop.run(`journal --run ${id} --sql`);
    const before = await shop.states();
    expect(Object.values(before)).toEqual(sales.map(() => "not flagged"));
    await shop.db.query(stdout);
    expect(Object.values(await shop.states())).toEqual(sales.map(() => "stuck"));
  });

  test("and in an operator's own words, which others read later: kept as typed, or refused in words", async ({
    shop,
  }) => {
    const span = ["--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T01:00:00Z"];
    const kept: string[] = [];
    for (const text of texts) {
      const { code, stderr } = await shop.run(["attest", ...span, "--yes", "--no-broker", "--reason", text]);
      expect(stderr.replaceAll("\n", "")).not.toMatch(harmful);
      if (code === 0) kept.push(text);
      else expect(stderr).toMatch(/^error: .*--reason/);
    }
    expect(kept.length).toBeGreaterThan(5);
    const { stdout } = await shop.run("attest --list --tsv");
    expect(cellsOf(stdout)).toHaveLength(kept.length);
    expect(stdout.replaceAll(/[\n\t]/g, "")).not.toMatch(harmful);
    const { stdout: json } = await shop.run("attest --list --json");
    for (const text of kept) expect(JSON.stringify(JSON.parse(json))).toContain(JSON.stringify(text));
  });

  test.skipIf(!hasTerminal())(
    "on a terminal, which gets our own colours and nothing else",
    async ({ shop }) => {
      const sales = await maliciousShop(shop);
      const commands = [
        "find-stuck --hours 24",
        `explain ${sales[3]}`,
        `explain ${sales[4]}`,
        "journal",
        "report",
      ];
      for (const words of [...commands, `resend --id ${sales.join(",")} --dry-run`]) {
        const { stdout } = await shop.onTerminal(words, { columns: 160 }).ended;
        expect(stdout).not.toContain("\u001B[2J");
        expect(stdout).not.toContain("\u001B]");
        expect(stripVTControlCharacters(stdout).replaceAll(/[\n\t\r]/g, "")).not.toMatch(harmful);
      }
    },
  );
});

describe.concurrent("a text of 10 MB", () => {
  const huge = "x".repeat(10_000_000);
  /** Megabytes for all that JavaScript keeps; forty times the text does not fit. */
  const env = { NODE_OPTIONS: "--max-old-space-size=200" };

  test("as a bot's name is cut, and does not fill the memory with a copy for each of its sales", async ({
    shop,
  }) => {
    await shop.db.query("alter table bots alter name type text");
    await shop.db.query("update bots set name = $1 where id = $2", [huge, shop.bots[0]]);
    await shop.manySales(60);
    const other = await shop.sale({ botId: shop.bots[1] });
    for (const words of [
      "find-stuck --hours 24",
      "find-stuck --hours 24 --json",
      "resend --hours 24 --yes",
    ]) {
      const { code, stdout } = await shop.run(words, { env });
      expect([words, code]).toEqual([words, 0]);
      expect(stdout.length).toBeLessThan(1_000_000);
      expect(stdout).toContain(String(other));
    }
    expect(await shop.counted()).toHaveLength(61);
    const report = await shop.run("report --by bot", { env });
    expect([report.code, report.stdout.split("\n").length]).toEqual([0, 4]);
    expect(report.stdout.length).toBeLessThan(10_000);
  });

  test("as a customer's name, product or click harms no other sale", async ({ shop }) => {
    const names = ["product_name", "customer_name", "customer_city", "fbc", "utm_source"];
    await shop.db.query(`alter table payments ${names.map((name) => `alter ${name} type text`).join(", ")}`);
    const odd = await shop.sale({ extra: Object.fromEntries(names.map((name) => [name, huge])) });
    const other = await shop.sale();
    const { code, stdout, stderr } = await shop.run(`resend --id ${odd},${other}`, { env });
    expect([code, stderr.includes("unexpected")]).toEqual([expect.any(Number), false]);
    expect(stdout.length + stderr.length).toBeLessThan(20_000);
    expect(await shop.states()).toMatchObject({ [other]: `confirmed as pageview_${other}` });
  });
});
