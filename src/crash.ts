import { exitCode } from "./errors.js";

/**
 * An error that nobody awaits ends the process. Node would print it with all its fields, and those of a database driver
 * hold statements, parameters and rows: it is told like every other error instead. Nothing can be trusted after it, so
 * the loop is not drained. Gives `tell` back, which must not throw.
 */
export function watchCrash(proc: NodeJS.Process, tell: Tell): Tell {
  const crash = async (error: unknown): Promise<void> => {
    await tell(error);
    proc.exit(exitCode.failed);
  };
  proc.on("uncaughtException", (error) => void crash(error));
  return tell;
}

type Tell = (error: unknown) => Promise<void>;
