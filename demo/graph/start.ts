import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { FaultRule } from "./faults.js";
import type { GraphConfig, GraphSummary, LedgerEntry, RegisteredSale, RequestEntry } from "./types.js";

export type { Fault, FaultRule } from "./faults.js";
export type * from "./types.js";

/** A running stand-in for Graph in a process of its own, and its admin path. */
export interface Graph {
  /** Without version and without a final slash. */
  readonly url: string;
  readonly pid: number;
  /** Keys that are left out stay as they are. */
  configure(config: Partial<GraphConfig>): Promise<void>;
  /** Waits until at least that many events were received (0: at once). */
  ledger(atLeast?: number): Promise<LedgerEntry[]>;
  /** Waits until at least that many requests arrived (0: at once), answered or not. */
  requests(atLeast?: number): Promise<RequestEntry[]>;
  state(): Promise<GraphSummary>;
  fault(...rules: readonly FaultRule[]): Promise<void>;
  /** Ends every fault, used up or standing. */
  heal(): Promise<void>;
  sales(sales: readonly RegisteredSale[]): Promise<void>;
  /** Sets its clock that far ahead of the real one, in milliseconds. */
  clock(offsetMs: number): Promise<void>;
  /** As it was when it started, configuration included; connections that a fault holds are closed. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface GraphOptions extends Partial<GraphConfig> {
  readonly port?: number;
}

/** Starts it and waits until it listens. Needs the build: Node 20 does not run TypeScript. */
export async function startGraph({ port = 0, ...config }: GraphOptions = {}): Promise<Graph> {
  const args = [builtMain(), "--port", String(port), "--config", JSON.stringify(config)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  // Nothing is written there: its closing is the signal, and a broken pipe means that the child is gone already.
  child.stdin.on("error", () => undefined);
  const exited = once(child, "exit");
  const url = await Promise.race([urlFrom(child.stdout), exited.then(failed)]);
  return { url, pid: child.pid ?? 0, ...adminOf(url), stop };

  async function stop(): Promise<void> {
    child.kill("SIGTERM");
    await exited;
  }
}

/** The built main.js, next to this file in dist, or of the same project where this file runs as TypeScript. */
function builtMain(): string {
  const candidates = ["./main.js", "../../dist/demo/graph/main.js"];
  const path = candidates
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find((file) => existsSync(file));
  if (path === undefined) throw new Error("the stand-in for Graph is not built: run `npm run build` first");
  return path;
}

async function urlFrom(stdout: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: stdout });
  const [line] = (await once(lines, "line")) as [string];
  return (JSON.parse(line) as { url: string }).url;
}

function failed(): never {
  throw new Error("the stand-in for Graph ended before it was ready");
}

function adminOf(url: string): Omit<Graph, "url" | "pid" | "stop"> {
  async function ask<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${url}/_admin/${path}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text) as T;
  }
  const tell = async (path: string, body: object): Promise<void> => void (await ask("POST", path, body));
  return {
    configure: async (config) => await tell("config", config),
    ledger: async (atLeast = 0) => await ask("GET", `ledger?atLeast=${atLeast}`),
    requests: async (atLeast = 0) => await ask("GET", `requests?atLeast=${atLeast}`),
    state: async () => await ask("GET", "state"),
    fault: async (...rules) => await tell("faults", rules),
    heal: async () => void (await ask("DELETE", "faults")),
    sales: async (sales) => await tell("sales", sales),
    clock: async (offsetMs) => await tell("clock", { offsetMs }),
    reset: async () => await tell("reset", {}),
  };
}
