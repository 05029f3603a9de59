import { readConfig } from "../../src/config.js";
import type { Output, ReadingContext } from "../../src/context.js";
import { disk } from "../../src/files.js";
import { open } from "../../src/open.js";

/** All that a command that looks is handed, with an output that says nothing. Settings are the environment's. */
export async function openReading(): Promise<{ reading: ReadingContext; close(): Promise<void> }> {
  const env = { ...process.env };
  const { signal } = new AbortController();
  const config = readConfig({ flags: {}, env, files: disk, cwd: "/", home: null, user: null });
  const clock = { now: () => Date.now(), sleep: async () => undefined };
  const around = {
    output: silent,
    clock,
    signals: { stop: signal, abandon: signal },
    host: "bench",
    user: "bench",
  };
  const options = {
    command: "find-stuck",
    timeoutMs: 30_000,
    witness: false,
    broker: false,
    trustInferred: false,
  };
  return await open(config, { ...around, pid: process.pid, version: "0.0.0" }, { ...options, again: "" });
}

const nothing = async () => undefined;

const silent: Output = {
  canAsk: false,
  forPeople: false,
  report: nothing,
  list: async () => true,
  page: nothing,
  watch: nothing,
  data: nothing,
  say: () => undefined,
  tell: () => undefined,
  summary: () => undefined,
  warn: (line) => void process.stderr.write(`${line}\n`),
  chart: nothing,
  confirm: async () => false,
  progress: () => ({ update: () => undefined, stop: () => undefined }),
};
