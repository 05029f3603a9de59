import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { reportHelp } from "../../src/help.js";
import { fateTable, fates } from "../../src/sales/account.js";

const operating = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");

describe("what report counts", () => {
  test.each(fates)("%s has one meaning, in docs/operating.md, in --help and on the page", (fate) => {
    const { title, meaning } = fateTable[fate];
    expect(operating).toContain(`\n| ${title} | ${meaning} |\n`);
    expect(oneLine(reportHelp)).toContain(` ${title.toLowerCase()} ${meaning}`);
    expect(readme).toContain(`\`${fate}\``);
  });

  test("is told within 80 columns", () => {
    for (const line of reportHelp.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});
