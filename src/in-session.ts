import { hostname, userInfo } from "node:os";
import { addAbortSignal } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Body } from "./bodies.js";
import { readConfig } from "./config.js";
import type { ExitCode } from "./errors.js";
import { KnownError, exitCode } from "./errors.js";
import { disk } from "./files.js";
import type { Interruption } from "./interruption.js";
import type { Options } from "./options.js";
import type { LogFrame } from "./output/log.js";
import { openOutput } from "./output/open.js";
import type { Clock } from "./ports.js";
import { openSession } from "./session.js";

/** Said where that takes a while. */
const SETTLING =
  "interrupted: what is in flight is settled first, for up to 10 s; a second signal leaves at once";

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await pause(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

/** What surrounds a session. `acts`: a signal never stops it half-way. */
export interface Frame {
  readonly proc: NodeJS.Process;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly interruption: Interruption;
  readonly version: string;
  readonly acts: boolean;
  /** With `--log-format json`. */
  readonly log: LogFrame | null;
}

/** Runs the body of a command with the output and the configuration that its options ask for, and closes what it opened. */
export async function inSession(
  { proc, env, interruption, version, acts, log }: Frame,
  command: string,
  options: Options,
  body: Body,
): Promise<ExitCode> {
  const { stdin, stdout, stderr } = proc;
  const format = (["json", "jsonl", "tsv", "csv"] as const).find((one) => options[one]) ?? "auto";
  const { color, quiet = false } = options;
  const { signals } = interruption;
  const signal = signals.stop;
  const output = await openOutput({ stdin, stdout, stderr, env, format, color, quiet, signal, log });
  const user = userName();
  const place = { cwd: proc.cwd(), home: env["HOME"] ?? null, user };
  const input = { flags: options, env, files: disk, ...place };
  const config = readConfig(input);
  // To the doctor they are findings.
  if (command !== "doctor") for (const warning of config.warnings) output.warn(warning);
  const { session, close } = openSession({
    config,
    input,
    node: proc.execPath,
    output,
    clock,
    signals,
    random: Math.random,
    files: disk,
    stdin: () => readAll(stdin, signals.stop),
    env,
    cwd: place.cwd,
    host: hostname(),
    user: user ?? "unknown",
    pid: proc.pid,
    version,
    named: (run) => {
      // One that only looks is no run: no journal has its name.
      if (log && acts) log.run = run;
    },
  });
  let settling: NodeJS.Timeout | undefined;
  const tellSettling = () => (settling = setTimeout(() => output.say(SETTLING, "warn"), 250));
  if (acts) signals.stop.addEventListener("abort", tellSettling, { once: true });
  const interrupted = new Promise<ExitCode>((resolve) => {
    const stopped = acts ? signals.abandon : signals.stop;
    stopped.addEventListener("abort", () => resolve(interruption.code ?? exitCode.interrupted), {
      once: true,
    });
  });
  try {
    const work = body(session, options);
    // A command that only looks is left at once; one that acts settles what is in flight first.
    return acts ? await work : await Promise.race([work, interrupted]);
  } finally {
    clearTimeout(settling);
    output.close();
    await close();
  }
}

/** Null for a user id without an entry in the system's list, as in a container. */
function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}

async function readAll(stdin: NodeJS.ReadStream, stop: AbortSignal): Promise<string> {
  if (stdin.isTTY)
    throw new KnownError({
      what: "--id - reads standard input, which is a terminal",
      next: "pipe the ids in",
    });
  let text = "";
  for await (const chunk of addAbortSignal(stop, stdin.setEncoding("utf8"))) text += String(chunk);
  return text;
}
