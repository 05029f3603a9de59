import type { LoggedAttempt, LoggedCause } from "../../sales/logged.js";
import type { LogEvent } from "./event.js";
import type { TaskRun, TaskStory } from "./runs.js";

/** What a run, a task or an attempt came to. */
export type Conclusion = Pick<LoggedAttempt, "result" | "because" | "cause" | "status" | "code" | "subcode">;

const nothing = { cause: null, status: null, code: null, subcode: null } as const;

/** Meta's codes for "too much" and "try again": nothing was processed, and the event is not at fault. */
const passing = new Set([1, 2, 4, 17, 32, 341, 613]);
const isPassing = (code: number | undefined): boolean =>
  code !== undefined && (passing.has(code) || (code >= 80_000 && code <= 80_014));

/** The task checks its event before it speaks to Meta, and every copy carries the same event. */
const invalid = /Event data inv.{1,3}lido/;

/** Celery's own Retry, caught by the task's `except Exception`: it says that the task tries again, and nothing of Meta. */
const isRetry = ({ kind, words }: LogEvent): boolean => kind === "exception" && /\bRetry\b/.test(words ?? "");

/** What one run of a task tells. Whatever may have reached Meta is unknown. */
export function ofRun({ end, lines }: TaskRun): Conclusion {
  const accepted = lines.find((line) => line.kind === "accepted" && (line.received ?? 0) > 0);
  if (accepted || (end?.kind === "succeeded" && (end.received ?? 0) > 0)) {
    return { ...nothing, result: "accepted", because: "the worker log says that Meta received it" };
  }
  if (lines.some((line) => line.kind === "invalid-event") || invalid.test(end?.words ?? "")) {
    const because = "the task failed before it sent: its event data was not valid";
    return { ...nothing, result: "not-sent", cause: "task-failed", because };
  }
  if (end?.kind === "time-limit")
    return { ...nothing, result: "unknown", because: "the task was ended by its time limit" };
  const told = lines.filter((line) => !isRetry(line));
  if (end !== null && told.length > 0) {
    if (
      told.every((line) => line.kind === "rate-limited" || (line.kind === "refused" && line.status === 429))
    ) {
      const because = "Meta put it off (rate limit, status 429)";
      return { ...nothing, result: "not-sent", cause: "meta-refused", because, status: 429 };
    }
    if (told.every(isRefusal)) return refusal(told);
  }
  return unknown(end, told);
}

/** A 4xx: Meta read the request and processed nothing of it. */
function isRefusal({ kind, status = 0, code }: LogEvent): boolean {
  if (kind === "token-invalid") return true;
  if (kind !== "refused") return false;
  return (
    status >= 400 && status < 500 && status !== 408 && status !== 429 && (code === undefined || code >= 0)
  );
}

function refusal(lines: readonly LogEvent[]): Conclusion {
  const line = lines.find(({ kind }) => kind === "refused");
  const { status = null, code = line ? null : 190, subcode = null, words = "" } = line ?? {};
  const number = code === null ? "" : `, code ${code}${subcode === null ? "" : `/${subcode}`}`;
  const said = words === "" ? "" : `: ${words}`;
  const because = line
    ? `Meta refused it (status ${status}${number})${said}`
    : "Meta refused its access token";
  const result = isPassing(code ?? undefined) ? "not-sent" : "refused";
  return { result, because, cause: "meta-refused", status, code, subcode };
}

function unknown(end: LogEvent | null, lines: readonly LogEvent[]): Conclusion {
  const line = lines.find(({ kind }) => kind !== "exception") ?? lines[0];
  const status = line?.status ?? null;
  if (line?.kind === "server-error" || line?.kind === "refused") {
    const because = `Meta answered with status ${status ?? "unknown"}, and may have it`;
    return { ...nothing, result: "unknown", cause: "meta-refused", because, status };
  }
  if (line?.kind === "timed-out")
    return { ...nothing, result: "unknown", because: "Meta did not answer in time, and may have it" };
  const words = line?.words ?? end?.words ?? "";
  const said = words === "" ? "" : ` (${words})`;
  if (line?.kind === "exception" || end?.kind === "raised" || end?.kind === "retrying") {
    return {
      ...nothing,
      result: "unknown",
      cause: "task-failed",
      because: `the task failed, perhaps after it had sent${said}`,
    };
  }
  return { ...nothing, result: "unknown", because: "the worker log does not tell what Meta answered" };
}

/**
 * What a task came to, all its runs together: one acceptance settles it, one run that may have arrived leaves it open.
 * `whole`: the workers' lines are known without a hole from the queueing on.
 */
export function ofTask(story: TaskStory, whole: boolean): Conclusion & { readonly mayStillRun: boolean } {
  const runs = story.runs.map(ofRun);
  const mayStillRun = !story.closed || !whole;
  const of = (result: Conclusion["result"]): Conclusion | undefined =>
    runs.findLast((run) => run.result === result);
  const accepted = of("accepted");
  if (accepted) return { ...accepted, mayStillRun: !story.closed };
  const unfit = runs.find((run) => run.cause === "task-failed" && run.result === "not-sent");
  if (unfit && !of("unknown") && !of("refused")) return { ...unfit, mayStillRun };
  const open = of("unknown") ?? of("refused") ?? of("not-sent");
  if (open === undefined) {
    const because =
      story.received.length > 0
        ? "a worker took its task, and no line tells how it ended"
        : "no worker took its task";
    return { ...nothing, result: "unknown", because, mayStillRun: true };
  }
  if (!mayStillRun && !story.died) return { ...open, mayStillRun };
  const doubt = story.died ? "a worker ended while it held the task" : "the task is not known to have ended";
  const because = open.result === "unknown" ? open.because : `${open.because}; ${doubt}`;
  return { ...open, result: "unknown", because, mayStillRun };
}

/** Text of errors that came before anything could be queued. */
const neverQueued =
  /not JSON serializable|EncodeError|WRONGPASS|NOAUTH|invalid username-password|Authentication required/i;
/** The broker could not be reached: on the last try, at least. */
const unreachable =
  /Connection refused|Err(?:no|or) -?\d+ connecting|Name or service not known|name resolution|No route to host|unreachable|OOM command|READONLY|MISCONF/i;

export function isUnreachable({ words = "" }: LogEvent): boolean {
  return unreachable.test(words);
}

/**
 * An enqueueing that failed. The publisher tries several times, and the first try may have been written before the
 * connection broke: so a broker that cannot be reached proves something only where it was gone before (`outage`).
 */
export function ofFailedQueueing(line: LogEvent, outage: boolean): Conclusion {
  const words = line.words ?? "";
  const certain = neverQueued.test(words) || (outage && isUnreachable(line));
  const because = certain
    ? `it was never handed to the broker: ${words}`
    : `handing it to the broker failed, perhaps after it was queued: ${words}`;
  return { ...nothing, result: certain ? "not-sent" : "unknown", cause: "not-queued", because };
}

/** The wait in the web process, where the workers' log tells nothing better. */
export function causeOfWait(words: string): LoggedCause {
  return /timed out|timeout/i.test(words) ? "celery-timeout" : "task-failed";
}
