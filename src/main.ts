import { CommanderError } from "commander";
import { watchCrash } from "./crash.js";
import type { ExitCode } from "./errors.js";
import { KnownError, exitCode } from "./errors.js";
import { Interruption } from "./interruption.js";
import { logFrame, usageLog } from "./output/log.js";
import { printError } from "./output/problem.js";
import type { Run } from "./program.js";
import { buildProgram } from "./program.js";

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

/** argv → exit code. The only catch-all: every error ends here, in words. */
export async function main(proc: NodeJS.Process, version: string): Promise<ExitCode> {
  const { stderr, argv } = proc;
  const env = takeEnvironment(proc);
  const interruption = new Interruption(proc);
  const color = argv.includes("--no-color") ? false : argv.includes("--color") || undefined;
  const log = logFrame(argv, Date.now);
  const tell = watchCrash(proc, (error) => printError(stderr, error, { env, color, log }));
  let code: ExitCode = exitCode.ok;
  const run: Run = async (command, options, body) => {
    // Help and bad usage end before this: they need neither settings nor an output.
    const { inSession } = await import("./in-session.js");
    const acts = acting.has(command);
    if (log) log.command = command;
    code = await inSession({ proc, env, interruption, version, acts, log }, command, options, body);
  };
  const program = buildProgram(version, run, argv[2]);
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    if (log) command.configureOutput({ writeErr: (text) => stderr.write(usageLog(log, text)) });
  }
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

/** The environment, read once. Both drivers look at PG* variables by themselves, and not as libpq does: they see none. */
function takeEnvironment(proc: NodeJS.Process): Readonly<Record<string, string | undefined>> {
  const env = { ...proc.env };
  for (const name of Object.keys(env)) if (name.startsWith("PG")) delete proc.env[name];
  return env;
}
