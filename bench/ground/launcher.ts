import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Sample } from "../engine/pairs.js";
import { source } from "./root.js";
import { scratch } from "./scratch.js";

/** How a program ended, what it took and what it said. */
export interface Ran extends Omit<Sample, "units"> {
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly code: number;
  /** File of what it wrote; the next run of this launcher overwrites it. */
  readonly stdout: string;
  readonly stderr: string;
}

/** What a child is started with beside its words. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Told its process id, for whoever wants to interrupt it. */
  readonly started?: (pid: number) => void;
}

/**
 * All that children inherit. No variable of whoever runs us: `NODE_EXTRA_CA_CERTS` alone adds 53 ms to each start of
 * Node 20, and a version manager's folder in PATH would put a shell script before Python.
 */
export const clean: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/nonexistent",
  LANG: "C.UTF-8",
  TZ: "UTC",
};

/** Nothing here lasts longer; what does hangs. */
const LIMIT_MS = 600_000;

interface Told {
  readonly pid?: number;
  readonly failure?: string;
}

/** Runs programs one at a time and measures each. */
export class Launcher {
  readonly #folder = scratch();
  readonly #child;
  readonly #lines;

  constructor(python: string) {
    this.#child = spawn(python, ["-S", source("ground", "launch.py")], {
      env: clean,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async run(
    argv: readonly string[],
    { env = {}, stdin = "/dev/null", started }: Surroundings = {},
  ): Promise<Ran> {
    const [stdout, stderr] = [join(this.#folder, "stdout"), join(this.#folder, "stderr")];
    const order = { argv, env: { ...clean, ...env }, cwd: "/", stdin, stdout, stderr };
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    const { pid, failure } = await this.#told<Told>();
    if (pid === undefined) throw new Error(`${argv[0]} could not be started: ${failure}`);
    started?.(pid);
    const timer = setTimeout(() => process.kill(pid, "SIGKILL"), LIMIT_MS);
    const found = await this.#told<Omit<Ran, "stdout" | "stderr">>();
    clearTimeout(timer);
    return { ...found, stdout, stderr: readFileSync(stderr, "utf8") };
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #told<T>(): Promise<T> {
    const { value, done } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (done === true) throw new Error("the launcher ended");
    return JSON.parse(value) as T;
  }
}

/** @throws Error unless it ended well */
export function demandOk(ran: Ran, what: string, codes: readonly number[] = [0]): Ran {
  if (codes.includes(ran.code)) return ran;
  throw new Error(`${what} ended with ${ran.code}: ${ran.stderr.trim().split("\n").slice(-3).join(" / ")}`);
}
