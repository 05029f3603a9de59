import { describe, expect } from "vitest";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { test } from "./fixtures.js";

const password = "senha-do-registro-5c1d";
keepSecret("the database password", password);

interface Line {
  readonly time: string;
  readonly level: string;
  readonly command: string | null;
  readonly run: string | null;
  readonly msg: string;
  readonly why?: string;
  readonly next?: string;
  readonly stack?: string;
}

/** Every line of stderr; fails where one is no JSON object. */
const logged = (stderr: string): Line[] =>
  stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe.concurrent("--log-format json, of the built program", () => {
  test("find-stuck: stdout is as ever, stderr is objects that name the command and no run", async ({
    shop,
  }) => {
    await shop.sale();
    const { code, stdout, stderr } = await shop.run("find-stuck --hours 24 --log-format json");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^id\t/);
    const lines = logged(stderr);
    expect(lines.length).toBeGreaterThan(0);
    for (const { time, level, command, run } of lines) {
      expect([new Date(time).toISOString(), command, run]).toEqual([time, "find-stuck", null]);
      expect(["info", "warn"]).toContain(level);
    }
  });

  test("resend: its lines bear the run that the journal names", async ({ shop }) => {
    const sale = await shop.sale();
    const { code, stderr } = await shop.run(`resend --id ${sale} --log-format=json`);
    expect(code).toBe(0);
    const [attempt] = (await shop.attempts()) ?? [];
    const lines = logged(stderr);
    expect(lines.map(({ run }) => run)).toContain(attempt?.run);
    expect(lines.every(({ command }) => command === "resend")).toBe(true);
    expect(await shop.counted()).toHaveLength(1);
  });

  test("a database that is not there: what, why and next, and stdout stays empty", async () => {
    const env = { DATABASE_URL: `postgresql://ana:${password}@127.0.0.1:1/loja` };
    const { code, stdout, stderr } = await purchaseFix(["find-stuck", "--log-format", "json"], { env });
    expect([code, stdout]).toEqual([2, ""]);
    expect(logged(stderr)).toEqual([
      expect.objectContaining({ level: "error", command: "find-stuck", why: expect.any(String) as unknown }),
    ]);
  });

  test.for([
    [["find-stuck", "--bogus", "--log-format", "json"], /unknown option '--bogus'/],
    [["--log-format=json"], /Usage: purchase-fix|unknown option/],
    [["find-stuck", "--currency", "reais", "--log-format=json"], /--currency is not a currency/],
  ] as const)("%j: wrong usage and configuration too", async ([words, message]) => {
    const { code, stdout, stderr } = await purchaseFix(words, {});
    expect([code, stdout]).toEqual([2, ""]);
    expect(
      logged(stderr)
        .map(({ msg }) => msg)
        .join("\n"),
    ).toMatch(message);
  });

  test("an error that nobody awaits has its stack as a field", async ({ folder }) => {
    const file = folder.write(
      "accident.mjs",
      `import { setTimeout as pause } from "node:timers/promises";
       const error = new Error("broken: " + process.env.DATABASE_URL);
       pause(700).then(() => { throw error; });
       process.stdin.ref?.();`,
    );
    const env = {
      DATABASE_URL: `postgresql://ana:${password}@192.0.2.1/loja`,
      NODE_OPTIONS: `--import ${file}`,
    };
    const { code, stderr } = await purchaseFix(["find-stuck", "--log-format", "json"], { env });
    expect(code).toBe(2);
    // Where the network refuses that address at once, the command's own error comes before it.
    expect(logged(stderr).at(-1)).toEqual(
      expect.objectContaining({
        level: "error",
        msg: expect.stringContaining("a defect of purchase-fix") as unknown,
        stack: expect.stringMatching(/^Error: broken: postgresql:\/\/ana:\[secret\]@/) as unknown,
      }),
    );
  });

  test("another word than text or json is refused", async () => {
    const { code, stderr } = await purchaseFix(["find-stuck", "--log-format", "xml"], {});
    expect([code, stderr]).toEqual([2, expect.stringContaining("Allowed choices are text, json")]);
  });
});
