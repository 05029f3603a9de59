import { describe, expect, test } from "vitest";
import { KnownError, KnownErrors } from "../../src/errors.js";
import { logFrame, usageLog } from "../../src/output/log.js";
import { printError } from "../../src/output/problem.js";
import { remember } from "../../src/redact.js";
import { sum, summaryOf } from "../cast/summary.js";
import { atTerminal, inPipe, Screen } from "./streams.js";

const at = Date.UTC(2026, 10, 20, 13, 30);
const frame = () => ({ now: () => at, command: "resend", run: "3f9c2a7d10be" });
const head = { time: "2026-11-20T13:30:00.000Z", command: "resend", run: "3f9c2a7d10be" };
const objects = (screen: Screen): Record<string, unknown>[] =>
  screen.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function printed(error: unknown): Promise<Record<string, unknown>[]> {
  const screen = new Screen();
  await printError(screen, error, { env: {}, color: undefined, log: frame() });
  return objects(screen);
}

describe("with --log-format json each line on stderr is one object", () => {
  test("lines and warnings, with level and run, secrets taken out and line ends kept inside", async () => {
    remember("pool-token-number-8");
    const { output, stderr, stdout } = await inPipe({ log: frame() });
    output.say("sent 1 of 2");
    output.say("left alone", "warn");
    output.say("refused", "bad");
    output.warn("a\nb\u001b[2J pool-token-number-8");
    expect(objects(stderr)).toEqual([
      { ...head, level: "info", msg: "sent 1 of 2" },
      { ...head, level: "warn", msg: "left alone" },
      { ...head, level: "error", msg: "refused" },
      { ...head, level: "warn", msg: "a\nb\u001b[2J [secret]" },
    ]);
    expect(stderr.text).not.toContain("\u001b");
    expect(stdout.text).toBe("");
  });

  test("on a terminal too: no colour, no spinner, no chart, no question", async () => {
    const { output, stderr } = await atTerminal(80, { log: frame() });
    const progress = output.progress("sending");
    progress.update("1 of 2");
    await output.chart("Verdicts", [{ label: "lost", count: 1 }]);
    expect([output.canAsk, await output.confirm("Send?"), stderr.text]).toEqual([false, false, ""]);
    output.say("done", "good");
    expect(objects(stderr)).toEqual([{ ...head, level: "info", msg: "done" }]);
  });

  test("the summary is a line of its own, with all its fields", async () => {
    const { output, stderr } = await inPipe({ log: frame(), quiet: true });
    output.summary(summaryOf({ exitCode: 1, needsPerson: sum(1, "97.00") }));
    expect(objects(stderr)).toEqual([
      expect.objectContaining({
        event: "summary",
        level: "warn",
        command: "reconcile",
        run: "3f9c2a7d10be",
        msg: "reconcile: nothing to do; 1 needs a person (BRL 97.00): purchase-fix find-stuck --hours 168",
        exitCode: 1,
        endedAt: "2026-11-20T13:30:00.000Z",
        needsPerson: { count: 1, amount: "97.00" },
        backlog: [],
      }),
    ]);
  });

  test("a known error has what, why and next; several are several lines", async () => {
    const problems = [{ what: "one", why: "because", next: "mend it" }, { what: "two" }];
    expect(await printed(new KnownErrors(problems))).toEqual([
      { ...head, level: "error", msg: "one", what: "one", why: "because", next: "mend it" },
      { ...head, level: "error", msg: "two", what: "two", why: null, next: null },
    ]);
    expect(await printed(new KnownError({ what: "alone" }))).toHaveLength(1);
  });

  test("an unknown error has its stack and its causes' as a field, and nothing of a driver's rows", async () => {
    remember("pool-token-number-9");
    const error = Object.assign(new Error("bad pool-token-number-9", { cause: new Error("inner") }), {
      detail: "row of somebody",
    });
    const [line, ...more] = await printed(error);
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      ...head,
      level: "error",
      msg: expect.stringContaining("a defect") as unknown,
    });
    expect(line?.["stack"]).toMatch(/^Error: bad \[secret\]\n +at [^]*\nError: inner\n/);
    expect(JSON.stringify(line)).not.toContain("somebody");
  });

  test("wrong usage is told in the same form, before any command is known", () => {
    const usage = { now: () => at, command: null, run: null };
    expect(JSON.parse(usageLog(usage, "error: unknown option '--x'\n"))).toMatchObject({
      level: "error",
      command: null,
      msg: "unknown option '--x'",
    });
  });
});

describe("without it", () => {
  test("the summary is one line, silent with --quiet where nothing happened", async () => {
    const { output, stderr } = await inPipe({ quiet: true });
    output.summary(summaryOf());
    output.summary(summaryOf({ exitCode: 75, problem: "another run holds the lock" }));
    output.summary(summaryOf({ resent: sum(1, "97.00") }));
    expect(stderr.text).toBe("reconcile: 1 resent (BRL 97.00)\n");
  });

  test.each([
    [["--log-format", "json"], true],
    [["--log-format=json"], true],
    [["--log-format", "text"], false],
    [["--reason", "json"], false],
    [["--log-format"], false],
  ])("%j asks for it: %j", (words, asks) => {
    expect(logFrame(["node", "purchase-fix", "resend", ...words], () => at) !== null).toBe(asks);
  });
});
