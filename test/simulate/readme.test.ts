import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { differences, smallWorld, withGenerated } from "../../simulate/readme.js";

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/*
 * The table of README.md takes too long for a test. It is written together with the counts of a small world, by one
 * command; these are lived through anew here.
 */

describe("README's table of strategies", () => {
  test("was made with these strategies, rates and rules; if not: npm run simulate -- --write", async () => {
    const counts = await smallWorld(folder);
    expect(counts).toMatch(/sales, [1-9]\d* stuck\nwait, and do nothing: [1-9]/);
    expect(readme).toContain(counts);
  });

  test("is told as different where one figure is, line by line, and as the same once it is written", () => {
    const part = "| wait | 445 |\n| ours | 15 |\n";
    const written = withGenerated(readme, part);
    expect(differences(written, part)).toEqual([]);
    expect(differences(written, part.replace("15", "16"))).toEqual([
      "README: | ours | 15 |",
      "now:    | ours | 16 |",
    ]);
  });

  test("is all of README that writing it changes", () => {
    const [before = "", after = ""] = readme.split("<!-- generated: simulate");
    const written = withGenerated(readme, "| nothing |\n");
    expect(written.startsWith(before)).toBe(true);
    expect(written.endsWith(after.slice(after.indexOf("<!-- end -->")))).toBe(true);
    expect(differences(written, "| nothing |")).toEqual([]);
  });
});
