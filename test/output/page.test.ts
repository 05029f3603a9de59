import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { Page } from "../../src/context.js";
import { remember } from "../../src/redact.js";
import { atTerminal, inPipe } from "./streams.js";

const long =
  "the web process waited ten seconds for its task and gave up, and the task itself goes on in the worker";
const page: Page = {
  title: "Sale 9445 (BOT19_1763607031_ab12cd): stuck",
  sections: [
    {
      title: "Verdict",
      items: [
        { label: "delivered", text: "Meta received it", tone: "good" },
        { label: "but", text: long, tone: "warn" },
      ],
    },
    { title: "Empty", items: [] },
    {
      title: "What is permitted",
      items: [
        {
          label: "resend",
          text: "yes",
          command:
            "purchase-fix resend --id 9445 --accept-duplicate and so on until the line is longer than any terminal",
        },
      ],
    },
  ],
  document: () => ({ version: 1, command: "explain" }),
};

const width = (line: string) => Array.from(stripVTControlCharacters(line)).length;

describe("a page", () => {
  test("is plain text in a pipe: labels in a column, text beside them, nothing wider than 80", async () => {
    const { output, stdout, stderr } = await inPipe();
    await output.page(page);
    expect(stdout.text).toBe(
      [
        "Sale 9445 (BOT19_1763607031_ab12cd): stuck",
        "",
        "Verdict",
        "  delivered  Meta received it",
        "  but        the web process waited ten seconds for its task and gave up, and",
        "             the task itself goes on in the worker",
        "",
        "What is permitted",
        "  resend  yes",
        `          ${page.sections[2]?.items[0]?.command}`,
        "",
      ].join("\n"),
    );
    expect(stderr.text).toBe("");
  });

  test("is coloured on a terminal, and says the same", async () => {
    const [terminal, pipe] = [await atTerminal(100), await inPipe()];
    await terminal.output.page(page);
    await pipe.output.page(page);
    expect(terminal.stdout.text).toContain("\u001B[32mMeta received it");
    expect(stripVTControlCharacters(terminal.stdout.text)).toBe(pipe.stdout.text);
  });

  test("fits a narrow terminal: the text goes beneath its label; a command is never broken", async () => {
    const { output, stdout } = await atTerminal(36, { color: false });
    await output.page(page);
    const lines = stdout.text.split("\n");
    expect(lines).toContain("  delivered");
    expect(lines).toContain("    Meta received it");
    const commands = lines.filter((line) => line.includes("purchase-fix resend"));
    expect(commands).toHaveLength(1);
    const titled = lines.slice(2).filter((line) => !line.includes("purchase-fix resend"));
    expect(Math.max(...titled.map(width))).toBeLessThanOrEqual(36);
  });

  test("is one document for programs, and rows with --tsv", async () => {
    const [json, jsonl, tsv] = [
      await inPipe({ format: "json" }),
      await inPipe({ format: "jsonl" }),
      await inPipe({ format: "tsv" }),
    ];
    for (const { output } of [json, jsonl, tsv]) await output.page(page);
    expect(JSON.parse(json.stdout.text)).toEqual({ version: 1, command: "explain" });
    expect(jsonl.stdout.text).toBe('{"version":1,"command":"explain"}\n');
    const rows = tsv.stdout.text.trimEnd().split("\n");
    expect(rows[0]).toBe("section\tlabel\ttext\tcommand");
    expect(rows[1]).toBe("Verdict\tdelivered\tMeta received it\t");
    expect(rows).toHaveLength(4);
  });

  test("shows no secret and obeys no foreign text, in whatever form", async () => {
    remember("segredo-da-pagina");
    const hostile = (text: string): Page => ({
      ...page,
      title: text,
      sections: [{ title: text, items: [{ label: text, text, command: text }] }],
      document: () => ({ text }),
    });
    for (const format of ["auto", "json", "jsonl", "tsv"] as const) {
      const { output, stdout } = await inPipe({ format });
      await output.page(hostile("a\u001B[2Jb segredo-da-pagina"));
      expect(stdout.text).not.toContain("segredo");
      expect(stdout.text).not.toContain("\u001B[2J");
      expect(stdout.text).toContain("[secret]");
    }
  });
});
