import type { Column, Output, Picture, Tone } from "../context.js";
import { exitCode, KnownError, type ExitCode } from "../errors.js";
import type { Clock } from "../ports.js";
import { JSON_VERSION } from "../sales/json.js";
import { age, iso } from "../sales/time.js";
import { workerJson, workersHead } from "../sales/workers-json.js";
import { judgeWorkers } from "../sales/workers-judge.js";
import type { WorkersJudgement } from "../sales/workers-judgement.js";
import { startedBy } from "../sales/workers-signals.js";
import { queueWords } from "../sales/workers-words.js";
import type { CeleryPort, CelerySnapshot, WorkerSnapshot } from "../sales/workers.js";

/** All that the command is handed: it can ask the workers, and nothing else. */
export interface CeleryStatusContext {
  readonly output: Output;
  readonly celery: CeleryPort;
  readonly clock: Clock;
}

/** `timeoutMs`: how long workers may take to answer. `everyMs`: between two looks of `--watch`; null looks once. */
export interface CeleryStatusOptions {
  readonly timeoutMs: number;
  readonly everyMs: number | null;
}

/** Is anyone sending? 0 healthy, 1 not healthy or not known; throws a KnownError (2) where it could not ask. */
export async function celeryStatus(
  ctx: CeleryStatusContext,
  { timeoutMs, everyMs }: CeleryStatusOptions,
): Promise<ExitCode> {
  const { output, celery, clock } = ctx;
  const waiting = output.progress("asking the Celery workers");
  const asking = { timeoutMs, watching: everyMs !== null };
  let snapshot = await celery.inspect(asking).finally(() => waiting.stop());
  let judgement = judgeWorkers(snapshot);
  if (everyMs === null) {
    const { report, lines } = pictureOf(snapshot, judgement, clock);
    await output.report(report);
    for (const { text, tone } of lines) output.say(text, tone);
    return codeOf(judgement);
  }
  let first = true;
  await output.watch({
    everyMs,
    sleep: clock.sleep,
    look: async () => {
      if (!first) {
        // A broker that went away while somebody watches is what they watch for.
        const next = await celery.inspect(asking).catch(toWords);
        if (next instanceof KnownError) return { ...pictureOf(snapshot, lost(next), clock) };
        snapshot = next;
        judgement = judgeWorkers(snapshot);
      }
      first = false;
      return pictureOf(snapshot, judgement, clock);
    },
  });
  return codeOf(judgement);
}

const codeOf = ({ state }: WorkersJudgement): ExitCode =>
  state === "healthy" ? exitCode.ok : exitCode.attention;

function toWords(error: unknown): KnownError {
  if (error instanceof KnownError) return error;
  throw error;
}

/** What was known last, and that it cannot be asked now. */
function lost({ problem }: KnownError): WorkersJudgement {
  const because = `could not ask: ${problem.what}`;
  const rest = { signals: [], findings: [], cause: null, next: problem.next ?? null };
  return { state: "unknown", condition: "unknown", because, ...rest };
}

function pictureOf(
  snapshot: CelerySnapshot,
  judgement: WorkersJudgement,
  clock: Clock,
): Picture<WorkerSnapshot> {
  const { workers } = snapshot;
  const made = { version: JSON_VERSION, command: "celery-status", generatedAt: iso(clock.now()) };
  const head = { ...made, ...workersHead(snapshot, judgement) };
  return {
    report: {
      columns: columnsOf(snapshot),
      rows: workers,
      document: () => ({ ...head, workers: workers.map(workerJson) }),
      lines: () => [...workers.map((worker) => ({ worker: workerJson(worker) })), head],
    },
    lines: linesOf(snapshot, judgement),
  };
}

const tones = { healthy: "good", unhealthy: "bad", unknown: "warn" } as const;

/** The judgement first; where all is well, no more than what waits. */
function linesOf(snapshot: CelerySnapshot, judgement: WorkersJudgement): { text: string; tone?: Tone }[] {
  const { state, because, signals, cause, next, findings } = judgement;
  const why = state === "healthy" ? [] : signals;
  return [
    { text: `${state}: ${because}`, tone: tones[state] },
    ...(why.length > 0 ? [{ text: `  seen: ${why.join("; ")}`, tone: "dim" as const }] : []),
    ...(cause === null ? [] : [{ text: `  this is ${cause}` }]),
    ...(next === null ? [] : [{ text: `  next: ${next}`, tone: "strong" as const }]),
    ...queueWords(snapshot).map((text) => ({ text, tone: "dim" as const })),
    ...findings.map((text) => ({ text, tone: "warn" as const })),
  ];
}

function columnsOf(snapshot: CelerySnapshot): Column<WorkerSnapshot>[] {
  return [
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
      spare: 2,
    },
    { ...count("send_meta_event", ({ sendTotal }) => sendTotal), spare: 1 },
    { ...seconds("Uptime", ({ uptimeSec }) => uptimeSec), spare: 3 },
    { ...count("Started", ({ name }) => startedBy(snapshot, name)), spare: 4 },
    { title: "Queues", value: ({ queues }) => queues?.join(",") ?? null, spare: 5 },
  ];
}

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
