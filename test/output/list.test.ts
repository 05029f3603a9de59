import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { List } from "../../src/context.js";
import { KnownError } from "../../src/errors.js";
import { documentText } from "../../src/output/machine.js";
import type { Fact } from "./streams.js";
import { Keyboard, Screen, atTerminal, columns, inPipe, joao, maria, stage } from "./streams.js";

/** A list whose pages are made when they are asked for: `made` counts them. */
function listOf(pages: readonly (readonly Fact[])[], more: Partial<List<Fact>> = {}, fails = false) {
  const made: number[] = [];
  const list: List<Fact> = {
    columns: () => columns,
    pages: (async function* () {
      for (const page of pages) {
        made.push(page.length);
        yield page;
      }
      if (fails) throw new Error("the database went away");
    })(),
    one: ({ id }) => ({ id }),
    totals: async () => ({ count: made.reduce((a, b) => a + b, 0) }),
    document: (rows, totals) => ({ sales: rows.map(({ id }) => id), totals }),
    last: (totals) => ({ totals }),
    ...more,
  };
  return { list, made };
}

const two = [[maria], [joao, maria]] as const;

describe("a list", () => {
  test.each([
    [
      "tsv",
      "id\tbot\tpaid_amount\twhy\n9445\tMaria\t97.00\tno trace of its task\n7\tJoão\t\t\n9445\tMaria\t97.00\tno trace of its task\n",
    ],
    [
      "csv",
      "id,bot,paid_amount,why\r\n9445,Maria,97.00,no trace of its task\r\n7,João,,\r\n9445,Maria,97.00,no trace of its task\r\n",
    ],
    ["jsonl", '{"id":9445}\n{"id":7}\n{"id":9445}\n{"totals":{"count":3}}\n'],
    ["json", '{\n  "sales": [\n    9445,\n    7,\n    9445\n  ],\n  "totals": {\n    "count": 3\n  }\n}\n'],
  ] as const)("as %s is one list, whatever its pages", async (format, text) => {
    const { output, stdout } = await inPipe({ format });
    expect(await output.list(listOf(two).list)).toBe(true);
    expect(stdout.text).toBe(text);
  });

  test("on a terminal is one table, its widths those of all pages", async () => {
    const { output, stdout } = await atTerminal(80);
    await output.list(listOf(two).list);
    expect(stdout.text.match(/9445/g)).toHaveLength(2);
    expect(stdout.text.match(/Why/gi)).toHaveLength(1);
  });

  test.each([
    ["tsv", "id\tbot\tpaid_amount\twhy\n"],
    ["csv", "id,bot,paid_amount,why\r\n"],
    ["jsonl", '{"totals":{"count":0}}\n'],
  ] as const)("of nothing, as %s, is its head or its totals", async (format, text) => {
    const { output, stdout } = await inPipe({ format });
    await output.list(listOf([]).list);
    expect(stdout.text).toBe(text);
  });

  test("that fails before its first page writes nothing; later, what went by stands, without totals", async () => {
    const early = await inPipe({ format: "jsonl" });
    await expect(early.output.list(listOf([], {}, true).list)).rejects.toThrow("the database went away");
    expect(early.stdout.text).toBe("");
    const late = await inPipe({ format: "jsonl" });
    await expect(late.output.list(listOf(two, {}, true).list)).rejects.toThrow("the database went away");
    expect(late.stdout.text).toBe('{"id":9445}\n{"id":7}\n{"id":9445}\n');
  });
});

describe("a reader that leaves", () => {
  const leaving = () => {
    const stdout = new Screen();
    stdout.once("data", () => stdout.destroy());
    return stage(new Keyboard(false), stdout, new Screen(), { format: "jsonl" });
  };
  const many = Array.from({ length: 6 }, () => [maria]);

  test("ends a list that only looks; whoever asked learns that it is not whole", async () => {
    const { output } = await leaving();
    const { list, made } = listOf(many);
    expect(await output.list(list)).toBe(false);
    expect(made.length).toBeLessThan(6);
  });

  test("ends no list that acts", async () => {
    const { output } = await leaving();
    const { list, made } = listOf(many, { acts: true });
    expect(await output.list(list)).toBe(true);
    expect(made).toHaveLength(6);
  });

  test("nor does a full disk, which is told once all is done", async () => {
    const full = Object.assign(
      new Writable({
        write: (_chunk, _encoding, done) => done(new Error("ENOSPC: no space left on device")),
      }),
      { isTTY: false },
    );
    const { output } = await stage(new Keyboard(false), full as unknown as Screen, new Screen(), {
      format: "jsonl",
    });
    const { list, made } = listOf(many, { acts: true });
    await expect(output.list(list)).rejects.toThrow("the output could not be written completely");
    expect(made).toHaveLength(6);
  });
});

test("a document that is longer than a text can be says what to take instead", () => {
  expect(() => "x".repeat(2 ** 30)).toThrow(new RangeError("Invalid string length"));
  const long = {
    toJSON: () => {
      throw new RangeError("Invalid string length");
    },
  };
  expect(() => documentText(long)).toThrow(KnownError);
  expect(() => documentText(long)).toThrow("The document of --json is longer than a text can be");
  const broken = {
    toJSON: () => {
      throw new RangeError("something else");
    },
  };
  expect(() => documentText(broken)).toThrow("something else");
});
