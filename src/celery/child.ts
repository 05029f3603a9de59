import { spawn, type ChildProcess } from "node:child_process";

/** A program to run, and the bounds it runs in. */
export interface ChildTask {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs: number;
  /** Aborting ends the child, and rejects with the signal's reason once it is gone. */
  readonly signal?: AbortSignal | undefined;
  /** Aborting kills the child this instant: for a second Ctrl-C, after which nothing can be awaited. */
  readonly abandon?: AbortSignal | undefined;
}

/** How a child ended. Whatever happened, none of its process group is left when this is told. */
export type ChildEnd =
  | {
      readonly kind: "exited";
      readonly code: number | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: "deadline" }
  | { readonly kind: "flood" }
  | { readonly kind: "not-started"; readonly code: string };

/** More output than this is not read: ten thousand waiting tasks are about 40 MB, and only counts are wanted. */
export const MAX_STDOUT_BYTES = 16 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
/** Measured: Celery ends within 0.1 s of SIGINT, its reply keys removed; SIGTERM and SIGKILL leave them in Redis for ever. */
const SIGINT_GRACE_MS = 1_000;
/** A grandchild that left the group may hold our pipes open: they are dropped then. */
const PIPE_GRACE_MS = 500;

/** Runs a child in a process group of its own, so that wrappers and what they started end together. */
export function runChild(task: ChildTask): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    if (task.signal?.aborted === true) {
      reject(task.signal.reason);
      return;
    }
    const child = spawn(task.file, [...task.args], {
      cwd: task.cwd,
      env: { ...task.env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let ended: "by itself" | "deadline" | "flood" | "aborted" = "by itself";
    let grace: NodeJS.Timeout | undefined;
    const kill = (): void => signalGroup(child, "SIGKILL");
    const end = (why: typeof ended): void => {
      if (ended !== "by itself") return;
      ended = why;
      signalGroup(child, "SIGINT");
      grace = setTimeout(kill, SIGINT_GRACE_MS);
    };
    const deadline = setTimeout(() => end("deadline"), task.deadlineMs);
    const stdout = collect(child.stdout, MAX_STDOUT_BYTES, () => end("flood"));
    const stderr = collect(child.stderr, MAX_STDERR_BYTES);
    const abort = (): void => end("aborted");
    task.signal?.addEventListener("abort", abort);
    task.abandon?.addEventListener("abort", kill);
    living.add(child);
    if (living.size === 1) process.on("exit", killAll);
    const letGo = (): void => {
      clearTimeout(deadline);
      clearTimeout(grace);
      task.signal?.removeEventListener("abort", abort);
      task.abandon?.removeEventListener("abort", kill);
      living.delete(child);
      if (living.size === 0) process.removeListener("exit", killAll);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      letGo();
      resolve({ kind: "not-started", code: error.code ?? error.message });
    });
    child.once("exit", () => {
      kill();
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPE_GRACE_MS).unref();
    });
    child.once("close", (code) => {
      letGo();
      if (child.pid === undefined) return;
      if (ended === "aborted") reject(task.signal?.reason);
      else if (ended === "by itself") resolve({ kind: "exited", code, stdout: stdout(), stderr: stderr() });
      else resolve({ kind: ended });
    });
  });
}

const living = new Set<ChildProcess>();

/** An uncaught error ends our process without waiting for us: no child may outlive even that. */
function killAll(): void {
  for (const child of living) signalGroup(child, "SIGKILL");
}

/** Signals the whole group; one that is gone already (ESRCH) is what we want. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM")))
      throw error;
  }
}

/** Keeps the last `max` bytes of a stream; `over` is called when there were more. */
function collect(stream: NodeJS.ReadableStream, max: number, over?: () => void): () => string {
  let chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= max) return;
    const kept = Buffer.concat(chunks).subarray(-max);
    chunks = [kept];
    size = kept.length;
    over?.();
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
