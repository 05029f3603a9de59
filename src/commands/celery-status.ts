import type { Column, Output } from "../context.js";
import { exitCode, type ExitCode } from "../errors.js";
import { JSON_VERSION } from "../sales/json.js";
import type { Instant } from "../sales/sale.js";
import { age, iso } from "../sales/time.js";
import { workerJson, workersHead } from "../sales/workers-json.js";
import { judgeWorkers, type CeleryPort, type WorkerSnapshot } from "../sales/workers.js";

/** All that the command is handed: it can ask the workers, and nothing else. */
export interface CeleryStatusContext {
  readonly output: Output;
  readonly celery: CeleryPort;
  readonly now: () => Instant;
}

/** `timeoutMs`: how long workers may take to answer. */
export interface CeleryStatusOptions {
  readonly timeoutMs: number;
}

/** Is anyone sending? 0 healthy, 1 not healthy or not known; throws a KnownError (2) where it could not ask. */
export async function celeryStatus(
  ctx: CeleryStatusContext,
  options: CeleryStatusOptions,
): Promise<ExitCode> {
  const waiting = ctx.output.progress("asking the Celery workers");
  const snapshot = await ctx.celery.inspect(options).finally(() => waiting.stop());
  const { workers } = snapshot;
  const judgement = judgeWorkers(snapshot);
  const made = { version: JSON_VERSION, command: "celery-status", generatedAt: iso(ctx.now()) };
  const head = { ...made, ...workersHead(snapshot, judgement) };
  await ctx.output.report({
    columns,
    rows: workers,
    document: () => ({ ...head, workers: workers.map(workerJson) }),
    lines: () => [...workers.map((worker) => ({ worker: workerJson(worker) })), head],
  });
  ctx.output.say(`${judgement.state}: ${judgement.because}`, tones[judgement.state]);
  return judgement.state === "healthy" ? exitCode.ok : exitCode.attention;
}

const tones = { healthy: "good", unhealthy: "bad", unknown: "warn" } as const;

const columns: readonly Column<WorkerSnapshot>[] = [
  { title: "Worker", value: ({ name }) => name, flexible: true },
  count("Slots", ({ slots }) => slots),
  count("Busy", ({ busy }) => busy),
  { title: "Longest task", value: ({ oldest }) => oldest?.name ?? null, flexible: true },
  seconds("Task age", ({ oldest }) => (oldest === null ? null : oldest.ageMs / 1000)),
  count("Reserved", ({ reserved }) => reserved),
  count("Waiting retries", ({ scheduled }) => scheduled?.count ?? null),
  {
    title: "Next retry",
    value: ({ scheduled }) => (scheduled?.nextEta == null ? null : iso(scheduled.nextEta)),
  },
  count("send_meta_event", ({ sendTotal }) => sendTotal),
  seconds("Uptime", ({ uptimeSec }) => uptimeSec),
];

function count(title: string, of: (worker: WorkerSnapshot) => number | null): Column<WorkerSnapshot> {
  return { title, value: (worker) => of(worker)?.toString() ?? null, align: "right" };
}

/** Whole seconds for programs, words for people. */
function seconds(title: string, of: (worker: WorkerSnapshot) => number | null): Column<WorkerSnapshot> {
  const told = <T>(worker: WorkerSnapshot, tell: (sec: number) => T): T | null => {
    const sec = of(worker);
    return sec === null ? null : tell(sec);
  };
  const shown = (worker: WorkerSnapshot): string => told(worker, (sec) => age(sec * 1000)) ?? "";
  return { ...count(title, (worker) => told(worker, Math.floor)), shown };
}
