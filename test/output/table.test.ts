import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitted } from "../../src/output/table.js";
import { remember } from "../../src/redact.js";
import { atTerminal, joao, maria, reportOf, widthOf, type Fact } from "./streams.js";

async function drawn(
  rows: readonly Fact[],
  width: number,
  env: Record<string, string> = { LANG: "C.UTF-8" },
): Promise<string[]> {
  const { output, stdout } = await atTerminal(width, { env: { NO_COLOR: "1", ...env } });
  await output.report(reportOf(rows));
  return stdout.text.split("\n").slice(0, -1);
}

describe("On a terminal, a report", () => {
  test("is a table with a rule below its head", async () => {
    expect(await drawn([maria, joao], 80)).toEqual([
      "  Id  Bot    Paid amount  Why",
      "─".repeat(46),
      "9445  Maria    BRL 97.00  no trace of its task",
      "   7  João             –",
    ]);
  });

  test("has an ASCII rule where the locale is not UTF-8", async () => {
    expect((await drawn([maria], 80, { LANG: "C" }))[1]).toMatch(/^-+$/);
  });

  test("prints nothing at all without rows, since the sentence is the command's", async () => {
    expect(await drawn([], 80)).toEqual([]);
  });

  test("wraps its flexible column, and no other, on a narrow terminal", async () => {
    const why = "no trace of its task, but its event id is known and its first attempt is young";
    expect(await drawn([{ ...maria, why }, joao], 50)).toEqual([
      "  Id  Bot    Paid amount  Why",
      "─".repeat(50),
      "9445  Maria    BRL 97.00  no trace of its task,",
      "                          but its event id is",
      "                          known and its first",
      "                          attempt is young",
      "   7  João             –",
    ]);
  });

  test("breaks a long word of the flexible column where a name has its seams: nothing of it is lost", async () => {
    const why = "fill one of payments.customer_user_id_and_all, or pageview_000000009405";
    const lines = await drawn(
      [
        { ...maria, why },
        { ...joao, why: "x".repeat(50) },
      ],
      50,
    );
    expect(lines.slice(2)).toEqual([
      "9445  Maria    BRL 97.00  fill one of",
      "                          payments.customer_user_",
      "                          id_and_all, or",
      "                          pageview_000000009405",
      `   7  João             –  ${"x".repeat(24)}`,
      `                          ${"x".repeat(24)}`,
      "                          xx",
    ]);
  });

  test("becomes paragraphs where even that does not fit: an id is never cut", async () => {
    expect(await drawn([maria, joao], 30)).toEqual([
      "Id           9445",
      "Bot          Maria",
      "Paid amount  BRL 97.00",
      "Why          no trace of its task",
      "",
      "Id           7",
      "Bot          João",
      "Paid amount  –",
      "Why",
    ]);
  });

  test("is 80 columns wide where the terminal does not say", async () => {
    const lines = await drawn([{ ...maria, why: "word ".repeat(50) }], 0);
    expect(Math.max(...lines.map(widthOf))).toBe(80);
  });

  test("stays aligned over wide characters, emoji, families and combining accents", async () => {
    const names = ["Ze\u0301lia", "店舗ボット", "💸 Vendas", "👩‍👩‍👧 loja", "❤️ amor", "ｆｕｌｌ", "Плати"];
    const lines = await drawn(
      names.map((bot) => ({ ...maria, bot })),
      80,
    );
    const columnOfMoney = lines.slice(2).map((line) => widthOf(line.slice(0, line.indexOf("BRL"))));
    expect(columnOfMoney).toEqual(names.map(() => columnOfMoney[0]));
  });

  test("stays aligned when its cells are coloured and wrapped, and closes every colour on its own line", async () => {
    const { output, stdout } = await atTerminal(50, { env: { TERM: "xterm", LANG: "C.UTF-8" } });
    await output.report(
      reportOf([
        { ...maria, why: "no trace of its task and then some more words, enough for a third line" },
        joao,
      ]),
    );
    const lines = stdout.text.split("\n").slice(0, -1);
    expect(stdout.text).toContain("\u001b[90m");
    lines.forEach((line) => expect(widthOf(line)).toBeLessThanOrEqual(50));
    // oxlint-disable-next-line no-control-regex
    const coloured = lines.filter((line) => /\u001b\[90m/.test(line));
    expect(coloured).toHaveLength(3);
    coloured.forEach((line) => expect(line).toMatch(/\u001b\[39m$/)); // oxlint-disable-line no-control-regex
  });

  test("draws hundreds of rows in blocks of one width, under one head", async () => {
    const lines = await drawn(
      Array.from({ length: 300 }, (_, id) => ({ ...maria, id, bot: id === 299 ? "the longest name" : "x" })),
      80,
    );
    expect(lines).toHaveLength(302);
    expect(lines.filter((line) => line.includes("Paid amount"))).toHaveLength(1);
    expect(new Set(lines.slice(2).map((line) => line.indexOf("BRL"))).size).toBe(1);
  });
});

describe("Foreign text on a terminal", () => {
  test("cannot move the cursor, clear the screen, turn the line around or end it", async () => {
    const lines = await drawn(
      [{ ...maria, bot: "\u001b[2J\u001b]0;x\u0007\u202eevil\u0000\u009b1A\nfake row" }],
      120,
    );
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain("␛[2J␛]0;x␇<U+202E>evil␀<U+009B>1A⏎fake row");
  });

  test("of ten megabytes is cut to something readable", async () => {
    const lines = await drawn([{ ...maria, why: "abc ".repeat(2_500_000) }], 120);
    expect(lines.join("\n").length).toBeLessThan(10_000);
    expect(lines.at(-1)).toContain("…");
  });

  test("loses its secret before it is cut, so that no half of one remains", async () => {
    remember("pa-ss-wo-rd-of-the-shop");
    const lines = await drawn([{ ...maria, why: `${"x".repeat(1_990)} pa-ss-wo-rd-of-the-shop` }], 4_000);
    expect(lines.join("\n")).toContain("[secret");
    expect(lines.join("\n")).not.toContain("pa-ss");
  });

  test("loses none of its letters, however long its words are, and whatever colour they have", async () => {
    const words = fc.array(
      fc.string({ unit: fc.constantFrom("a", "_", ".", "[", "9", "m"), minLength: 1, maxLength: 70 }),
    );
    await fc.assert(
      fc.asyncProperty(words, fc.boolean(), async (list, color) => {
        const { output, stdout } = await atTerminal(60, { color, env: { LANG: "C.UTF-8" } });
        await output.report(reportOf([{ ...maria, bot: "B", why: list.join(" ") }]));
        const lines = stripVTControlCharacters(stdout.text).split("\n").slice(2);
        const column = lines.map((line, at) => (at === 0 ? line.replace(/^9445  B +BRL 97.00/, "") : line));
        expect(column.join("").replaceAll(" ", "")).toBe(list.join(""));
        column.forEach((line) => expect(widthOf(line)).toBeLessThanOrEqual(60));
      }),
      { numRuns: 40 },
    );
  });

  test("fits in whatever it is, as long as a table is drawn", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 80 }), { minLength: 1 }),
        async (texts) => {
          const lines = await drawn(
            texts.map((why) => ({ ...maria, why })),
            60,
          );
          lines.forEach((line) => expect(widthOf(line)).toBeLessThanOrEqual(60));
          expect(lines.filter((line) => line.startsWith("9445  Maria"))).toHaveLength(texts.length);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("Fitting widths", () => {
  test("takes from the widest flexible column until two are equal, then from both", () => {
    expect(fitted([5, 40, 30], [{}, { flexible: true }, { flexible: true }], 49)).toEqual([5, 20, 20]);
  });

  test("takes nothing where there is room", () => {
    expect(fitted([5, 40], [{}, { flexible: true }], 47)).toEqual([5, 40]);
  });

  test("gives up rather than cut a column that must stay whole", () => {
    expect(fitted([50, 20], [{}, { flexible: true }], 60)).toBeNull();
    expect(fitted([50, 20], [{}, {}], 60)).toBeNull();
  });
});
