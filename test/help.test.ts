import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { exitCode } from "../src/errors.js";
import { buildProgram } from "../src/program.js";
import { settings } from "../src/config/settings.js";
import { purchaseFix } from "./cast/binary.js";

const program = buildProgram("0.0.0", async () => undefined);
const commands = program.commands.map((command) => command.name()).filter((name) => name !== "help");

/** Every command of this version; a new one is written down here, and in the README. */
const expected = [
  "find-stuck",
  "explain",
  "reconcile",
  "resend",
  "revert",
  "confirm",
  "undo",
  "quarantine",
  "acknowledge",
  "attest",
  "observe",
  "celery-status",
  "doctor",
  "journal",
  "report",
  "init",
];

describe.concurrent("help", () => {
  test("knows every command", () => {
    expect(commands).toEqual(expected);
  });

  test("describes a command alone as it does among all, and all where the name is none", () => {
    const built = (wanted: string) => buildProgram("0.0.0", async () => undefined, wanted).commands;
    for (const one of program.commands.filter((command) => command.name() !== "help"))
      expect(built(one.name()).map((command) => command.helpInformation())).toEqual([
        one.helpInformation(),
        expect.stringContaining("help on a command"),
      ]);
    for (const name of ["find", "constructor", "--help"])
      expect(built(name)).toHaveLength(expected.length + 1);
  });

  test("--version is that of the package", async () => {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    const { code, stdout, stderr } = await purchaseFix(["--version"]);
    expect([code, stdout, stderr]).toEqual([0, `${manifest.version}\n`, ""]);
  });

  test.each([["--help"], ["-h"], ["help"]])("%s lists every command", async (word) => {
    const { code, stdout, stderr } = await purchaseFix([word]);
    for (const name of expected) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect([code, stderr]).toEqual([0, ""]);
  });

  test.each(expected)("%s --help and help %s say the same", async (name) => {
    const [flag, topic] = await Promise.all([purchaseFix([name, "--help"]), purchaseFix(["help", name])]);
    expect(flag.stdout).toMatch(
      new RegExp(`^Usage: purchase-fix ${name} \\[options\\]( <\\w+>)?( \\[id\\.\\.\\.\\])?\n`),
    );
    expect(topic).toEqual(flag);
    expect([flag.code, flag.stderr]).toEqual([0, ""]);
  });

  test("help exit-codes explains every exit code, and no other", async () => {
    const { code, stdout, stderr } = await purchaseFix(["help", "exit-codes"]);
    const told = [...stdout.matchAll(/^ {2}(\d+) /gm)].map(([, number]) => Number(number));
    expect(told).toEqual(Object.values(exitCode));
    expect([code, stderr]).toEqual([0, ""]);
  });

  test.each([["help"], ["help exit-codes"]])("%s fits 80 columns", async (words) => {
    const { stdout } = await purchaseFix(words.split(" "));
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("wraps its lists at 80 columns", () => {
    const texts = [program, ...program.commands].map((command) => command.helpInformation());
    const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith("  "));
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

describe("every option", () => {
  test.each(
    program.commands.flatMap((command) => command.options.map((option) => [command.name(), option] as const)),
  )("%s: $flags is described", (_, option) => {
    expect(option.description).not.toBe("");
  });

  test("of the settings' table exists, and no secret is one", () => {
    const commands = program.commands;
    const flags = new Set(commands.flatMap(({ options }) => options.map(({ long }) => long)));
    for (const { flag } of settings) if (flag !== null) expect(flags).toContain(flag);
    expect([...flags].join(" ")).not.toMatch(
      /password|secret|--access-token(?!-file)|encryption|database-url/,
    );
  });

  test("of a command that only looks cannot change anything", () => {
    const looking = program.commands.filter((command) =>
      ["find-stuck", "explain", "journal", "celery-status", "doctor"].includes(command.name()),
    );
    expect(looking).toHaveLength(5);
    const flags = looking.flatMap(({ options }) => options.map(({ long }) => long));
    expect(flags).not.toContain("--yes");
  });
});
