import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { addAbortSignal } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { CommanderError } from "commander";
import { readConfig } from "./config.js";
import { watchCrash } from "./crash.js";
import type { ExitCode } from "./errors.js";
import { KnownError, exitCode } from "./errors.js";
import { disk } from "./files.js";
import { Interruption } from "./interruption.js";
import type { Options } from "./options.js";
import { openOutput } from "./output/open.js";
import { watchPipe } from "./output/pipe.js";
import { printError } from "./output/problem.js";
import type { Clock } from "./ports.js";
import { buildProgram } from "./program.js";
import { openSession } from "./session.js";

/** Commands that change something: a closed pipe or a signal never stops them half-way. */
const acting: ReadonlySet<string> = new Set([
  "reconcile",
  "quarantine",
  "acknowledge",
  "resend",
  "revert",
  "confirm",
  "undo",
  "attest",
  "observe",
  "init",
]);

/** Said where that takes a while. */
const SETTLING =
  "interrupted: what is in flight is settled first, for up to 10 s; a second signal leaves at once";

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await pause(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

/** Over 150 lines: what ends a process stays together. argv → exit code. The only catch-all: every error ends here, in words. */
export async function main(proc: NodeJS.Process): Promise<ExitCode> {
  const { stdout, stderr, argv } = proc;
  watchPipe(stdout); // --help, too, may be read by a `head` that has left
  const env = takeEnvironment(proc);
  const interruption = new Interruption(proc);
  const color = argv.includes("--no-color") ? false : argv.includes("--color") || undefined;
  const tell = watchCrash(proc, (error) => printError(stderr, error, { env, color }));
  let code: ExitCode = exitCode.ok;
  const version = ownVersion();
  const program = buildProgram(version, async (command, options, body) => {
    code = await inSession({ proc, env, interruption, version }, command, options, body);
  });
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync(argv);
    return interruption.code ?? code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.failed;
    if (interruption.code !== null && !(error instanceof KnownError)) return interruption.code;
    await tell(error);
    return interruption.code ?? (error instanceof KnownError ? error.exitCode : exitCode.failed);
  } finally {
    interruption.end();
  }
}

type Body = Parameters<Parameters<typeof buildProgram>[1]>[2];

interface Frame {
  readonly proc: NodeJS.Process;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly interruption: Interruption;
  readonly version: string;
}

async function inSession(
  { proc, env, interruption, version }: Frame,
  command: string,
  options: Options,
  body: Body,
): Promise<ExitCode> {
  const { stdin, stdout, stderr } = proc;
  const format = options.json ? "json" : options.jsonl ? "jsonl" : options.tsv ? "tsv" : "auto";
  const { color, quiet = false } = options;
  const { signals } = interruption;
  const output = await openOutput({ stdin, stdout, stderr, env, format, color, quiet, signal: signals.stop });
  const user = userName();
  const place = { cwd: proc.cwd(), home: env["HOME"] ?? null, user };
  const config = readConfig({ flags: options, env, files: disk, ...place });
  for (const warning of config.warnings) output.warn(warning);
  const { session, close } = openSession({
    config,
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
  });
  let settling: NodeJS.Timeout | undefined;
  const tellSettling = () => (settling = setTimeout(() => output.say(SETTLING, "warn"), 250));
  if (acting.has(command)) signals.stop.addEventListener("abort", tellSettling, { once: true });
  const interrupted = new Promise<ExitCode>((resolve) => {
    const stopped = acting.has(command) ? signals.abandon : signals.stop;
    stopped.addEventListener("abort", () => resolve(interruption.code ?? exitCode.interrupted), {
      once: true,
    });
  });
  try {
    const work = body(session, options);
    // A command that only looks is left at once; one that acts settles what is in flight first.
    return acting.has(command) ? await work : await Promise.race([work, interrupted]);
  } finally {
    clearTimeout(settling);
    output.close();
    await close();
  }
}

/** The environment, read once. Both drivers look at PG* variables by themselves, and not as libpq does: they see none. */
function takeEnvironment(proc: NodeJS.Process): Readonly<Record<string, string | undefined>> {
  const env = { ...proc.env };
  for (const name of Object.keys(env)) if (name.startsWith("PG")) delete proc.env[name];
  return env;
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

function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}
