import type { Secret } from "../redact.js";
import type { Instant } from "../sales/sale.js";
import { brokerUnseen, type CeleryPort, type CelerySnapshot } from "../sales/workers.js";
import { questions, readAnswer, readWorkers, type Answers, type Question } from "./answers.js";
import { runChild, type ChildEnd } from "./child.js";
import { trouble } from "./trouble.js";

/** How to run the application's own `celery`. */
export interface CeleryCommand {
  /** One word or several: `celery`, `/usr/bin/python3 -m celery`; quotes hold words with spaces together. */
  readonly binary: string;
  /** Never without: asked without its application, Celery may re-queue a task that is running (facts of Celery 5). */
  readonly app: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Handed to Celery as CELERY_BROKER_URL, which it prefers to the application's own; null leaves it as it is. */
  readonly brokerUrl: Secret | null;
  /** Last part of the name of the task that sends to Meta. */
  readonly sendTask: string;
  readonly now: () => Instant;
  /** Ends all children; `inspect` then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Kills all children this instant. */
  readonly abandon?: AbortSignal | undefined;
}

export const SEND_TASK = "send_meta_event";
/** Workers of an application that is well answer within some milliseconds; Celery waits all of this, always. */
const FIRST_WAIT_MS = 1_000;
/**
 * What the command gets on top of the time for answers, to load the application and to give a broker up:
 * Celery needs 6.6 s for the latter (measured), and only then tells a refused connection from a wrong password.
 */
const COMMAND_ALLOWANCE_MS = 4_000;
/** `Error: No nodes replied within time constraint`: nobody answered. That is not: nobody is there. */
export const EX_NO_REPLY = 69;

/** Asks the workers by the `celery` command: slow (Python starts four times) and the only way for every broker. */
export function celeryCommand(settings: CeleryCommand): CeleryPort {
  return { inspect: ({ timeoutMs }) => inspect(settings, timeoutMs) };
}

/**
 * Asks the four questions at once; where all brought silence, one patient ping has the rest of the time, so that
 * "no worker answered within 5 s" is true. Throws a KnownError when Celery could not ask at all.
 */
async function inspect(settings: CeleryCommand, timeoutMs: number): Promise<CelerySnapshot> {
  const askedAt = settings.now();
  const waitMs = Math.min(FIRST_WAIT_MS, timeoutMs / 2);
  const deadlineMs = timeoutMs + COMMAND_ALLOWANCE_MS;
  const answers = await askAll(settings, waitMs, deadlineMs);
  if (Object.keys(answers).length === 0) {
    const spentMs = settings.now() - askedAt;
    // Alone it loads about twice as fast as four times in parallel on two cores.
    const loadingMs = Math.max(0, spentMs - waitMs) / 2;
    const restMs = Math.max(waitMs, timeoutMs - spentMs - loadingMs);
    const reply = await ask(settings, "ping", restMs, restMs + COMMAND_ALLOWANCE_MS);
    if (reply.kind === "answer") answers.ping = reply.answer;
    // Silence is on record already, so that running out of time adds nothing.
    if (reply.kind === "failure" && reply.end.kind !== "deadline") {
      throw await trouble(reply.end, { ...settings, deadlineMs });
    }
  }
  const answeredAt = settings.now();
  const workers = readWorkers(answers, answeredAt, settings.sendTask);
  const unanswered = questions.filter((question) => answers[question] === undefined);
  return { ...brokerUnseen, askedAt, answeredAt, via: "celery", timeoutMs, workers, unanswered };
}

/** Empty where nobody answered anything; a failure beside answers leaves its own question open and no more. */
async function askAll(settings: CeleryCommand, waitMs: number, deadlineMs: number): Promise<Answers> {
  const settled = await Promise.allSettled(
    questions.map(async (question) => ({
      question,
      reply: await ask(settings, question, waitMs, deadlineMs),
    })),
  );
  const answers: Answers = {};
  const failures: ChildEnd[] = [];
  for (const result of settled) {
    // All children are gone by now, so an abort may pass on.
    if (result.status === "rejected") throw result.reason;
    const { question, reply } = result.value;
    if (reply.kind === "answer") answers[question] = reply.answer;
    if (reply.kind === "failure") failures.push(reply.end);
  }
  const failure = failures.find((end) => end.kind !== "deadline") ?? failures[0];
  if (failure !== undefined && Object.keys(answers).length === 0) {
    throw await trouble(failure, { ...settings, deadlineMs });
  }
  return answers;
}

type Reply =
  | { readonly kind: "answer"; readonly answer: Readonly<Record<string, unknown>> }
  | { readonly kind: "silence" }
  | { readonly kind: "failure"; readonly end: ChildEnd };

async function ask(
  settings: CeleryCommand,
  question: Question | "ping",
  waitMs: number,
  deadlineMs: number,
): Promise<Reply> {
  const [file = "celery", ...words] = splitWords(settings.binary);
  const wait = ["--timeout", (waitMs / 1000).toFixed(1)];
  const end = await runChild({
    file,
    args: [...words, "-A", settings.app, "inspect", question, "--json", ...wait],
    cwd: settings.cwd,
    env: childEnv(settings),
    deadlineMs,
    signal: settings.signal,
    abandon: settings.abandon,
  });
  if (end.kind === "exited" && end.code === EX_NO_REPLY) return { kind: "silence" };
  const answer = end.kind === "exited" && end.code === 0 ? readAnswer(end.stdout) : null;
  return answer === null ? { kind: "failure", end } : { kind: "answer", answer };
}

function childEnv({ env, brokerUrl }: CeleryCommand): Readonly<Record<string, string | undefined>> {
  return brokerUrl === null ? env : { ...env, CELERY_BROKER_URL: brokerUrl.reveal() };
}

/** Splits as a shell would, without its expansions. */
export function splitWords(command: string): string[] {
  const words = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}
