import { expect, test } from "vitest";
import { againOf } from "../src/again.js";
import { buildProgram } from "../src/program.js";
import type { Options } from "../src/options.js";

/** What the command line makes of these words, and the words that it would be told again by. */
async function again(...words: string[]): Promise<{ read: Options; text: string }> {
  let read: Options = {};
  const program = buildProgram("0.0.0", async (_, options) => {
    read = options;
  });
  await program.parseAsync(["node", "purchase-fix", "explain", "9445", ...words]);
  return { read, text: againOf(read) };
}

test("nothing is repeated where nothing was said, nor what decides nothing", async () => {
  expect((await again()).text).toBe("");
  expect((await again("--json", "--quiet", "--no-color", "--currency", "USD")).text).toBe("");
});

test("what decides how a sale is judged is repeated, in words of the shell", async () => {
  const { text } = await again(
    "--evidence-log",
    "logs/gunicorn.log",
    "--evidence-log",
    "/var/log/my shop's/*.log",
    "--no-broker",
  );
  expect(text).toBe(
    String.raw` --evidence-log logs/gunicorn.log --evidence-log '/var/log/my shop'\''s/*.log' --no-broker`,
  );
});

test("every option that judging takes means the same when it is typed again", async () => {
  const words =
    "--env-file shop.env --db-timezone UTC --min-age 90s --retry-horizon 1.5h --max-attempts 5 --pixel-id 123456 " +
    "--access-token-file token --no-browser-pixel --evidence-log a.log --log-timezone UTC --no-broker --trust-inferred";
  const { read, text } = await again(...words.split(" "));
  expect((await again(...text.trim().split(" "))).read).toEqual(read);
  const judging = (await import("../src/options.js")).judging;
  const { Command } = await import("commander");
  const flags = judging(new Command()).options.map(({ long }) => long);
  expect(flags.filter((flag) => flag !== "--currency" && !text.includes(` ${flag}`))).toEqual([]);
});
