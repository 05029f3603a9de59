import { spawn } from "node:child_process";
import type { Socket } from "node:net";

/** A program that cannot outlive this process: nor can its children, nor a stopped one. */
export interface Watched {
  /** Its process group, and that of its children. */
  readonly group: number;
  stop(): Promise<void>;
}

export interface WatchedOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it prints once it can be used. */
  readonly ready: string;
}

/** Milliseconds; Redis takes 20, a worker 500, on a machine without load. */
const startLimit = 30_000;

/**
 * The shell reads a pipe that only Node holds, so that the end of Node, however it died, is the end of the pipe. It then
 * kills its whole process group, itself included; likewise when the program ends by itself. SIGKILL, because a worker
 * that was frozen on purpose obeys nothing else, and one that is asked to leave waits for its tasks.
 */
const watchdog = '{ "$@"; kill -KILL 0; } </dev/null & read -r stop; kill -KILL 0';

/** Resolves when the program is ready; rejects with its output when it ends before. */
export async function startWatched(command: readonly string[], options: WatchedOptions): Promise<Watched> {
  const { cwd, env, ready } = options;
  const shell = spawn("/bin/sh", ["-c", watchdog, "sh", ...command], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const gone = new Promise<void>((resolve) => shell.once("close", () => resolve()));
  shell.stdin.on("error", () => undefined);
  const stop = async (): Promise<void> => {
    shell.ref();
    shell.stdin.end();
    await gone;
  };
  let log = "";
  try {
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${command[0]} is not ready:\n${log}`)), startLimit);
      const read = (chunk: Buffer): void => {
        // Kept only until it is ready, but read for ever: a full pipe would stop the program.
        if (log.includes(ready)) return;
        log += chunk.toString("utf8");
        if (!log.includes(ready)) return;
        clearTimeout(limit);
        resolve();
      };
      shell.stdout.on("data", read);
      shell.stderr.on("data", read);
      void gone.then(() => reject(new Error(`${command[0]} ended:\n${log}`)));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  // A forgotten program must not keep Node alive: without Node it ends.
  shell.unref();
  for (const pipe of [shell.stdin, shell.stdout, shell.stderr]) (pipe as Socket).unref();
  return { group: shell.pid ?? 0, stop };
}
