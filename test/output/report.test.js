import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tsvLines } from "../../src/output/machine.js";
import { remember, Secret } from "../../src/redact.js";
import { atTerminal, columns, inPipe, joao, maria, reportOf, Screen, Keyboard, stage } from "./streams.js";
describe("In a pipe, a report", () => {
  test("is TSV with a header, full values and empty cells for what is not known", async () => {
    const { output, stdout, stderr } = await inPipe();
    await output.report(reportOf([maria, joao]));
    expect(stdout.text).toBe(
      "id\tbot\tpaid_amount\twhy\n9445\tMaria\t97.00\tno trace of its task\n7\tJoão\t\t\n",
    );
    expect(stderr.text).toBe("");
  });
  test("is the header alone when there is nothing to report", async () => {
    const { output, stdout } = await inPipe();
    await output.report(reportOf([]));
    expect(stdout.text).toBe("id\tbot\tpaid_amount\twhy\n");
  });
  test("has no colour, whatever the environment and the flag ask for", async () => {
    const { output, stdout } = await inPipe({ color: true, env: { FORCE_COLOR: "3" } });
    await output.report(reportOf([maria]));
    expect(stdout.text).not.toContain("\u001b");
  });
  test("keeps tabs, line ends and backslashes of a value inside its cell", async () => {
    const { output, stdout } = await inPipe();
    await output.report(reportOf([{ ...maria, bot: "a\tb\nc\\n\rd" }]));
    expect(stdout.text.split("\n")[1]).toBe("9445\ta\\tb\\nc\\\\n\\rd\t97.00\tno trace of its task");
  });
  test("shows a foreign escape sequence, override or NUL as an escape", async () => {
    const { output, stdout } = await inPipe();
    await output.report(reportOf([{ ...maria, bot: "\u001b[2Ja\u202eb\u0000c\u009b1m" }]));
    expect(stdout.text).toContain("9445\t\\u001b[2Ja\\u202eb\\u0000c\\u009b1m\t97.00");
  });
  test("has as many cells as columns on every line, and loses nothing, whatever the rows hold", () => {
    const anyText = fc.string({
      unit: fc.oneof(
        fc.constantFrom("\t", "\n", "\r", "\\", "n", "\u2028"),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.nat(), bot: anyText, amount: fc.option(anyText), why: anyText })),
        (rows) => {
          const lines = [...tsvLines(reportOf(rows))];
          expect(lines).toHaveLength(rows.length + 1);
          expect(lines.join("\n").split(/[\n\r\u2028]/)).toHaveLength(rows.length + 1);
          lines.forEach((line) => expect(line.split("\t")).toHaveLength(columns.length));
          rows.forEach((row, at) => expect(unescape(lines[at + 1]?.split("\t")[1] ?? "")).toBe(row.bot));
        },
      ),
    );
  });
  function unescape(cell) {
    const letters = { t: "\t", n: "\n", r: "\r", "\\": "\\" };
    return cell.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, hex, letter) =>
      hex === undefined ? (letters[letter] ?? "?") : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
});
describe("Asked for data on a terminal", () => {
  test("--json is one document that ends with a line end", async () => {
    const { output, stdout } = await atTerminal(80, { format: "json" });
    await output.report(reportOf([joao]));
    expect(stdout.text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(stdout.text)).toEqual({ version: 1, sales: [joao] });
  });
  test("--jsonl is one object a line, the totals last", async () => {
    const { output, stdout } = await atTerminal(80, { format: "jsonl" });
    await output.report(reportOf([maria, joao]));
    expect(stdout.text).toBe(`${JSON.stringify(maria)}\n${JSON.stringify(joao)}\n{"total":2}\n`);
  });
  test("--tsv stays TSV", async () => {
    const { output, stdout } = await atTerminal(80, { format: "tsv" });
    await output.report(reportOf([joao]));
    expect(stdout.text).toBe("id\tbot\tpaid_amount\twhy\n7\tJoão\t\t\n");
    expect(output.forPeople).toBe(false);
  });
  test("JSON holds the very data, but neither controls nor bidirectional overrides as such", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (bot) => {
        const { output, stdout } = await inPipe({ format: "json" });
        await output.report(reportOf([{ ...maria, bot }]));
        expect(JSON.parse(stdout.text)).toEqual({ version: 1, sales: [{ ...maria, bot }] });
        expect(stdout.text).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
  test("a secret in any value or key is taken out, and the JSON stays JSON", async () => {
    remember('98765432"1');
    const { output, stdout } = await inPipe({ format: "json" });
    const document = {
      key: new Secret("a-secret-of-the-shop"),
      url: "x?t=a-secret-of-the-shop",
      'k98765432"1': [1n],
    };
    await output.report({ ...reportOf([]), document: () => document });
    expect(JSON.parse(stdout.text)).toEqual({ key: "[secret]", url: "x?t=[secret]", "k[secret]": ["1"] });
  });
});
describe("Who is addressed", () => {
  const table = [
    ["a person", true, true, true, "auto", true, true],
    ["a person who pipes the report away", true, false, true, "auto", true, false],
    ["a person who sends the words away", true, true, false, "auto", false, true],
    ["a script on a terminal's screen", false, true, true, "auto", false, true],
    ["a JSON reader", true, true, true, "json", false, false],
    ["a JSON lines reader", true, true, true, "jsonl", false, false],
    ["a TSV reader", true, true, true, "tsv", false, false],
  ];
  test.each(table)("%s", async (_, stdin, stdout, stderr, format, canAsk, forPeople) => {
    const screen = (isTTY) => new Screen(isTTY ? 80 : undefined);
    const { output } = await stage(new Keyboard(stdin), screen(stdout), screen(stderr), { format });
    expect({ canAsk: output.canAsk, forPeople: output.forPeople }).toEqual({ canAsk, forPeople });
  });
});
