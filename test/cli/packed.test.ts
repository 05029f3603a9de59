import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect } from "vitest";
import { test } from "./fixtures.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where the package is installed as users have it: away from the repository and from its node_modules. */
let home = "";

const installed = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  await run(join(home, "node_modules", ".bin", "purchase-fix"), words, {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home, ...env },
  });

describe("the package, packed and installed elsewhere", () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "purchase-fix-packed-"));
    const quiet = ["--silent", "--no-audit", "--no-fund"];
    await run("npm", ["pack", ...quiet, "--pack-destination", home], { cwd: root });
    const [tarball = ""] = readdirSync(home);
    // It depends on nothing, so nothing is fetched.
    await run("npm", ["install", ...quiet, "--offline", "--prefix", home, join(home, tarball)], {
      cwd: home,
    });
    return () => rmSync(home, { recursive: true, force: true });
  });

  test("knows its version and describes itself", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(await installed(["--version"])).toEqual({ stdout: `${version}\n`, stderr: "" });
    expect((await installed(["--help"])).stdout).toBe((await installed(["help"])).stdout);
  });

  test("brings the licences of what it is made of", () => {
    const place = join(home, "node_modules", "purchase-fix", "dist", "program", "THIRD-PARTY.txt");
    const text = readFileSync(place, "utf8");
    for (const name of [
      "@redis/client",
      "chalk",
      "cli-table3",
      "commander",
      "ora",
      "pg",
      "postgres",
      "undici",
    ])
      expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
    expect(
      text.match(/^MIT License$|^The MIT License|Permission is hereby granted/gm)?.length,
    ).toBeGreaterThan(20);
  });

  test("finds a stuck sale, sends it and reads back what it wrote", async ({ shop }) => {
    const sale = await shop.sale();
    const { stdout } = await installed(["find-stuck", "--tsv"], shop.env);
    expect(stdout).toContain(`\n${sale}\t`);
    await installed(["resend", "--id", String(sale)], shop.env);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });
});
