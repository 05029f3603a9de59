import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect } from "vitest";
import { hasTerminal } from "../cast/binary.js";
import { insertPool } from "../cast/shop.js";
import { test, tokenOf } from "./fixtures.js";

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-terminal-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = () => join(folder, String(files++));

/** Codes that colour; a spinner's codes that move the cursor are none. */
// oxlint-disable-next-line no-control-regex
const colour = /\u001B\[[\d;]*m/;

/** As many screen columns as code points: the fixtures hold nothing wide. */
const width = (line: string) => Array.from(stripVTControlCharacters(line)).length;

const columnsAt = {
  80: ["ID", "Bot", "Amount", "Age", "Verdict", "Because"],
  100: ["ID", "Payment", "Bot", "Amount", "Age", "Verdict", "Because"],
  140: ["ID", "Payment", "Bot", "Amount", "Flagged at", "Age", "Deadline", "Verdict", "Because"],
};

describe.skipIf(!hasTerminal()).concurrent("find-stuck on a terminal", () => {
  test.for([
    [80, ["no room for Flagged at, Deadline, Payment: --tsv shows all"]],
    [100, ["no room for Flagged at, Deadline: --tsv shows all"]],
    [140, []],
  ] as const)("draws a table that fits %i columns and cuts no id", async ([columns, missing], { shop }) => {
    const sale = await shop.sale({ paymentId: "BOT19_1763607031_ab12cd" });
    const { stdout } = await shop.onTerminal("find-stuck", { columns, stderr: file() }).ended;
    const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
    expect(lines[0]?.trim().split(/\s{2,}/)).toEqual(columnsAt[columns]);
    expect(lines[1]).toMatch(/^─+$/);
    expect(lines[2]).toMatch(
      new RegExp(`^${sale}  ${columns === 80 ? "Violão" : "BOT19_1763607031_ab12cd "}`),
    );
    expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line.startsWith("no room for"))).toEqual(missing);
  });

  test("says an obstacle beside the verdict", async ({ shop }) => {
    await shop.sale({ paidHoursAgo: 0.1 });
    await shop.sale({ paidHoursAgo: 24 * 8 });
    const { stdout } = await shop.onTerminal("find-stuck --hours 500", { columns: 200 }).ended;
    expect(stripVTControlCharacters(stdout)).toMatch(/ambiguous.*waiting: flagged/);
    expect(stripVTControlCharacters(stdout)).toMatch(/untraceable.*expired: paid over 7 days/);
  });

  test("writes a paragraph per sale where even a narrow table would not fit", async ({ shop }) => {
    const sale = await shop.sale({ paymentId: "BOT19_1763607031_ab12cd" });
    const { stdout } = await shop.onTerminal("find-stuck --no-color", { columns: 50, stderr: file() }).ended;
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      `ID          ${sale}`,
      "Payment     BOT19_1763607031_ab12cd",
      "Bot         Violão em Casa",
      "Amount      97.00",
    ]);
  });

  test("shows the incident's shape by hour and by bot, within the screen", async ({ shop }) => {
    for (const hours of [9, 9, 9, 3]) await shop.sale({ paidHoursAgo: hours });
    await shop.sale({ botId: shop.bots[1], paidHoursAgo: 3 });
    const { stdout } = await shop.onTerminal("find-stuck --no-color").ended;
    const lines = stdout.split("\n");
    const below = (title: string) => lines.slice(lines.findIndex((line) => line.startsWith(title)) + 1);
    expect(
      below("stuck sales by bot")
        .slice(0, 2)
        .map((line) => line.replace(/█+\s+/, "█ ")),
    ).toEqual(["Violão em Casa    █ 4", "Receitas da Vovó  █ 1"]);
    const hours = below("stuck sales by hour of sale (UTC)").slice(0, 7);
    expect(hours.map((line) => Number(line.split(/\s+/).at(-1)))).toEqual([3, 0, 0, 0, 0, 0, 2]);
    expect(Math.max(...hours.map(width))).toBeLessThanOrEqual(100);
    expect(lines.at(-2)).toBe("next: purchase-fix resend --hours 24 --dry-run");
  });

  test("draws no shape of sales that were named: who named them knows it", async ({ shop }) => {
    const sale = await shop.sale();
    const { stdout } = await shop.onTerminal(`find-stuck --no-color --id ${sale}`).ended;
    expect(stdout).toContain("1 stuck sale, BRL 97.00");
    expect(stdout).not.toContain("stuck sales by");
  });

  test("draws in ASCII where the locale is not UTF-8", async ({ shop }) => {
    await shop.sale({ botId: shop.bots[1] });
    const { stdout } = await shop.onTerminal("find-stuck --no-color", { columns: 200, env: { LANG: "C" } })
      .ended;
    expect(stdout).not.toMatch(/[─█…]/);
    expect(stdout).toMatch(/\n-{20,}\n/);
  });

  test("writes data and words as in a pipe where stdout is a file", async ({ shop }) => {
    await shop.sale();
    const stdout = file();
    const { stdout: screen } = await shop.onTerminal("find-stuck", { stdout }).ended;
    expect(readFileSync(stdout, "utf8")).toMatch(/^id\tpayment\tbot\t/);
    expect(screen).toContain("1 stuck sale, BRL 97.00");
    expect(screen).not.toContain("stuck sales by bot");
  });
});

describe.skipIf(!hasTerminal()).concurrent("other tables on 80 columns", () => {
  test("cut no event id, nor a column's name: they are broken over two lines", async ({ shop }) => {
    const sale = await shop.sale({ pageviewEventId: "pageview_0123456789abcdef_0123456789" });
    const { stdout } = await shop.onTerminal(`resend --no-color --dry-run --id ${sale}`, { columns: 80 })
      .ended;
    expect(stdout).not.toContain("…");
    expect(stdout).toMatch(/ pageview_ [^\n]*\n +0123456789abcdef_ [^\n]*\n +0123456789 /);
  });

  test("journal stays a table, a line or two per attempt", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.run(`resend --id ${sale}`);
    const { stdout } = await shop.onTerminal("journal --no-color", { columns: 80 }).ended;
    const lines = stdout.split("\n");
    expect(lines[0]?.trim().split(/\s{2,}/)).toEqual([
      "Attempted at",
      "Run",
      "Sale",
      "Answer",
      "Effect",
      "Because",
    ]);
    expect(lines[2]).toContain(`  ${sale}  accepted  confirmed  Meta received it`);
    expect(lines[3]).toBe("no room for Trace, Pixel, By, Command, Payment, Code, Event ID: --tsv shows all");
    expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(80);
  });
});

describe.skipIf(!hasTerminal()).concurrent("colour", () => {
  test("is there on a terminal", async ({ shop }) => {
    await shop.sale();
    expect((await shop.onTerminal("find-stuck").ended).stdout).toMatch(colour);
  });

  test.for<[string, Record<string, string>]>([
    ["find-stuck --no-color", {}],
    ["find-stuck", { NO_COLOR: "1" }],
    ["find-stuck", { FORCE_COLOR: "1", NO_COLOR: "1" }],
    ["find-stuck", { TERM: "dumb" }],
    ["find-stuck --no-color", { FORCE_COLOR: "1" }],
  ])("is not there with %s and %o", async ([words, env], { shop }) => {
    await shop.sale();
    const { stdout } = await shop.onTerminal(words, { env }).ended;
    expect(stdout).toContain("Violão em Casa");
    expect(stdout).not.toMatch(colour);
  });
});

describe.concurrent("colour in a pipe", () => {
  test.for<[string, Record<string, string>]>([
    ["find-stuck --color", {}],
    ["find-stuck", { FORCE_COLOR: "1" }],
  ])("comes with %s and %o, but never into the data", async ([words, env], { shop }) => {
    await shop.sale();
    const { stdout, stderr } = await shop.run(words, { env });
    expect(stderr).toMatch(colour);
    expect(stdout).not.toMatch(colour);
  });

  test("does not come by itself, nor to an error", async ({ shop }) => {
    await shop.sale();
    const [found, failed] = await Promise.all([shop.run("find-stuck"), shop.run("find-stuck --id 1")]);
    expect(found.stdout + found.stderr + failed.stderr).not.toMatch(colour);
    expect(failed.stderr).toContain("No sale bears 1");
  });

  test("comes to an error that is told to be coloured", async ({ shop }) => {
    const { stderr } = await shop.run("find-stuck --id 1 --color");
    expect(stderr).toMatch(colour);
  });
});

describe.skipIf(!hasTerminal()).concurrent("the question before a window", () => {
  test("names database, Graph, pixels, number, money and what may count twice", async ({ shop }) => {
    await shop.sale();
    await shop.sale({ botId: shop.bots[1], amount: 47.5 });
    await shop.sale({ paidHoursAgo: 60, amount: 10 });
    const asked = shop.onTerminal("resend --hours 100 --accept-duplicate");
    await asked.said("[y/N] ");
    await asked.type("n\n");
    const { stdout } = await asked.ended;
    const graph = new URL(shop.env["META_GRAPH_URL"] ?? "").host;
    const url = new URL(shop.db.url);
    expect(stdout).toContain(
      `resend 3 sales (BRL 154.50) of ${url.hostname}:${url.port}/${shop.db.name} as ${url.username} to ${graph}, ` +
        `pixels ${shop.pixels.join(", ")}; 1 of them (BRL 10.00) may count twice? [y/N] `,
    );
    expect(stdout).not.toContain("TEST EVENTS");
  });

  test("says TEST EVENTS where a pool has a test code", async ({ shop }) => {
    await shop.db.query("update redirect_pools set meta_test_event_code = 'TEST1' where id = $1", [
      shop.pools[1],
    ]);
    await shop.sale();
    const test = await shop.sale({ botId: shop.bots[1] });
    const asked = shop.onTerminal("resend --hours 24");
    await asked.said(", 1 as TEST EVENTS? [y/N] ");
    await asked.type("y\n");
    const { stdout, code } = await asked.ended;
    expect(stripVTControlCharacters(stdout)).toMatch(/^run [0-9a-f]{12}: confirmed 2 .*, 1 as TEST EVENTS$/m);
    expect(code).toBe(0);
    const codes = (await shop.ledger()).map(({ eventId, testEventCode }) => [eventId, testEventCode]);
    expect(codes).toContainEqual([`pageview_${test}`, "TEST1"]);
    expect(codes.filter(([, testCode]) => testCode === null)).toHaveLength(1);
  });

  test.for(["y", "yes", "S", "sim"])("acts on %s", async (answer, { shop }) => {
    const sale = await shop.sale();
    const asked = shop.onTerminal("resend --hours 24");
    await asked.said("[y/N] ");
    await asked.type(`${answer}\n`);
    const { code, stdout } = await asked.ended;
    expect(stdout).toContain("accepted, confirmed");
    expect(code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });

  test.for([
    ["n", "n\n", 1],
    ["nothing", "\n", 1],
    ["another word", "yes please\n", 1],
    ["Ctrl-D", "\u0004", 1],
    ["Ctrl-C", "\u0003", 130],
  ] as const)("changes nothing on %s", async ([, typed, expected], { shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    const asked = shop.onTerminal("resend --hours 24");
    await asked.said("[y/N] ");
    await asked.type(typed);
    const { code, stdout } = await asked.ended;
    expect(stdout).toContain("nothing was changed\n");
    expect(code).toBe(expected);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
    expect(await shop.requests()).toEqual([]);
  });

  test("is asked where only stdout is a file, and the report goes there", async ({ shop }) => {
    const sale = await shop.sale({ flaggedHoursAgo: 30, paidHoursAgo: 30 });
    const stdout = file();
    const asked = shop.onTerminal("revert --hours 48 --without-proof", { stdout });
    await asked.said("revert 1 sale (BRL 97.00) in ");
    await asked.type("y\n");
    expect((await asked.ended).code).toBe(0);
    expect(readFileSync(stdout, "utf8")).toContain(`\n${sale}\t`);
    expect(await shop.states()).toEqual({ [sale]: "not flagged" });
  });

  test("is not asked where stdin is none: it needs a yes", async ({ shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    const { code, stdout } = await shop.onTerminal("resend --hours 24", { stdin: "/dev/null" }).ended;
    expect(stdout).toContain("nobody can be asked here; nothing was changed");
    expect(code).toBe(2);
    expect(await shop.snapshot()).toEqual(before);
  });

  test.for(["--json", "--jsonl"])("is never asked with %s", async (format, { shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    const { code, stdout } = await shop.onTerminal(`resend --hours 24 ${format}`).ended;
    expect(stdout).toContain("this needs a yes");
    expect(code).toBe(2);
    expect(await shop.snapshot()).toEqual(before);
  });

  test("is not asked where nothing can be done, nor for a named sale", async ({ shop }) => {
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const window = await shop.onTerminal("resend --hours 24").ended;
    expect(window.stdout).toContain("nothing to resend");
    expect(window.stdout).not.toContain("[y/N]");
    expect(await shop.states()).toEqual({ [young]: "stuck" });
    const named = await shop.onTerminal(`resend --id ${young}`).ended;
    expect(named.stdout).not.toContain("[y/N]");
    expect(named.code).toBe(0);
    expect(await shop.states()).toEqual({ [young]: `confirmed as pageview_${young}` });
  });

  test("tells which pool is used where a bot is in several", async ({ shop }) => {
    const { db, bots, pools, pixels, key } = shop;
    await insertPool(db.witness, { pixelId: pixels[0], token: tokenOf(pixels[0]), key, bots: [bots[0]] });
    await shop.sale();
    const { stdout } = await shop.onTerminal("resend --hours 24 --dry-run").ended;
    expect(stripVTControlCharacters(stdout)).toContain(
      `bot Violão em Casa is in several enabled pools: using pool ${pools[0]} (it has ${pools[0]} and `,
    );
  });
});

describe("a machine without script", () => {
  test("skips these tests, but never on CI", () => {
    expect(hasTerminal({ PATH: "/nowhere" })).toBe(false);
    expect(() => hasTerminal({ PATH: "/nowhere", CI: "true" })).toThrow("on CI nothing is skipped");
  });
});
