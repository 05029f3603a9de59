import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvCell, csvLines } from "../../src/output/csv.js";
import { safeLine } from "../../src/output/visible.js";
import { inPipe, joao, maria, reportOf } from "./streams.js";

const python = "/usr/bin/python3";

/** On CI nothing is skipped. */
function hasParser(): boolean {
  if (spawnSync(python, ["-c", "import csv"]).status === 0) return true;
  if (process.env["CI"] === "true") throw new Error(`No CSV parser: cannot run ${python}`);
  process.stderr.write(`skipped: tests with a real CSV parser (cannot run ${python})\n`);
  return false;
}

/** The rows that Python's csv module reads, which is strict about quotes. */
function parsed(text: string): string[][] {
  const words =
    "import csv,io,json,sys; t=sys.stdin.buffer.read().decode(); print(json.dumps(list(csv.reader(io.StringIO(t,newline=''),strict=True))))";
  return JSON.parse(execFileSync(python, ["-c", words], { input: text, encoding: "utf8" })) as string[][];
}

const written = (rows: readonly (typeof maria)[]) =>
  [...csvLines(reportOf(rows))].map((line) => `${line}\n`).join("");

describe("a report as CSV", () => {
  test("has a header, a line for each row, and ends each with CR LF, as RFC 4180 has it", async () => {
    const { output, stdout } = await inPipe({ format: "csv" });
    await output.report(reportOf([maria, joao]));
    expect(stdout.text).toBe(
      "id,bot,paid_amount,why\r\n9445,Maria,97.00,no trace of its task\r\n7,João,,\r\n",
    );
  });

  test.each([
    ['Ana, "a"', '"Ana, ""a"""'],
    ["=1+1", "'=1+1"],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["+55 11", "'+55 11"],
    ["-2+3", "'-2+3"],
    ["＝1+1", "'＝1+1"],
    ["-97.00", "-97.00"],
    ["a=b", "a=b"],
    ["a;b", '"a;b"'],
    [" a", '" a"'],
    ["a\r\nb", "a⏎b"],
    ["a\u001b[2Jb", "a␛[2Jb"],
    ["", ""],
  ])("writes %j as %s", (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  test.runIf(hasParser())("is read by a real parser as it was meant, whatever the names hold", () => {
    const odd = Array.from('",\r\n=+-@＝;\t aé1.\u0000\u001b\u202e🎸');
    const anyText = fc.string({ unit: fc.constantFrom(...odd), maxLength: 12 });
    const rows = fc.sample(fc.record({ id: fc.nat(), bot: anyText, amount: anyText, why: anyText }), 200);
    const [head, ...lines] = parsed(written(rows));
    expect(head).toEqual(["id", "bot", "paid_amount", "why"]);
    expect(lines.map((line) => line.map((cell) => cell.replace(/^'(?=[=+\-@＝＋－＠])/, "")))).toEqual(
      rows.map(({ id, bot, amount, why }) =>
        [String(id), bot, amount, why].map((text) => safeLine(text).replace(/^'(?=[=+\-@＝＋－＠])/, "")),
      ),
    );
    for (const cell of lines.flat()) expect(cell).not.toMatch(/^[=+@＝＋－＠]|^-(?!\d+(\.\d+)?$)/);
  });
});
