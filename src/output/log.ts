import type { Tone } from "../context.js";
import { KnownError, KnownErrors } from "../errors.js";
import { json } from "./machine.js";

/** What every line of `--log-format json` bears. It becomes known bit by bit: a usage error has no command yet. */
export interface LogFrame {
  readonly now: () => number;
  command: string | null;
  /** Of a command that changes something. */
  run: string | null;
}

export type Level = "info" | "warn" | "error";

/** Read off the words themselves, since they may be wrong, and that too is told in this form. */
export function logFrame(argv: readonly string[], now: () => number): LogFrame | null {
  const asked = argv.some(
    (word, at) => word === "--log-format=json" || (word === "--log-format" && argv[at + 1] === "json"),
  );
  return asked ? { now, command: null, run: null } : null;
}

/** One JSON object on one line: what a log collector takes. Secrets are taken out of every text. */
export function logLine(frame: LogFrame, level: Level, msg: string, fields: object = {}): string {
  const time = new Date(frame.now()).toISOString();
  const { command, run } = frame;
  return `${json({ time, level, command, run, msg, ...fields })}\n`;
}

export function levelOf(tone: Tone | undefined): Level {
  return tone === "bad" ? "error" : tone === "warn" ? "warn" : "info";
}

/** A line for each problem; of an unknown error its stack is a field. */
export function errorLog(frame: LogFrame, error: unknown, stacks: () => readonly string[]): string {
  const problems =
    error instanceof KnownErrors ? error.problems : error instanceof KnownError ? [error.problem] : null;
  if (problems === null) {
    const msg = "unexpected, a defect of purchase-fix; please report it with its stack";
    return logLine(frame, "error", msg, { stack: stacks().join("\n") });
  }
  return problems
    .map(({ what, why, next }) =>
      logLine(frame, "error", what, { what, why: why ?? null, next: next ?? null }),
    )
    .join("");
}

/** What commander writes about wrong usage, in the same form. */
export function usageLog(frame: LogFrame, text: string): string {
  const [, error] = /^error: ([^]*)$/.exec(text) ?? [];
  return logLine(frame, error === undefined ? "info" : "error", (error ?? text).trim());
}
