import type { LoggedAttempt, Reached } from "../../sales/logged.js";
import type { Instant } from "../../sales/sale.js";
import { MINUTE } from "../../sales/sale.js";
import { causeOfWait, isUnreachable, ofFailedQueueing, ofTask, type Conclusion } from "./conclude.js";
import { linesOf, saleIn, type Draft } from "./draft.js";
import type { LogEvent } from "./event.js";
import type { Request } from "./request.js";
import type { TaskStory } from "./runs.js";
import { factOf } from "./words.js";

/** What other lines tell about an attempt. */
export interface Surroundings {
  /** Where lines of a worker's log were not seen. */
  readonly holes: readonly LogEvent[];
  /** The web processes' successful and failed enqueueings. */
  readonly failed: readonly LogEvent[];
}

const nothing = { cause: null, status: null, code: null, subcode: null } as const;

/** How long before a failed enqueueing another one tells of an outage. */
const OUTAGE = 10 * MINUTE;

/** The attempt as it is handed out; null for lines that name neither a sale nor an event. */
export function attemptOf(draft: Draft, around: Surroundings): LoggedAttempt | null {
  const { paymentId, eventId, eventIdCut, taskId, story, byEventId, accepted } = draft;
  const saleId = draft.saleId ?? saleIn(eventId ?? "");
  if (paymentId === null && saleId === null && eventId === null) return null;
  const told = [
    ...linesOf(draft.request),
    ...accepted,
    ...(story?.received ?? []),
    ...(story?.runs ?? []).flatMap(({ end, lines }) => (end === null ? lines : [...lines, end])),
  ].toSorted((a, b) => a.at - b.at);
  const named = paymentId !== null || saleId !== null;
  const pixelId = draft.pixelId ?? told.find((line) => line.pixelId !== undefined)?.pixelId ?? null;
  return {
    paymentId,
    saleId,
    eventId,
    eventIdCut,
    pixelId,
    taskId,
    tiedBy: named ? (byEventId ? "event id" : "ids") : null,
    at: told[0]?.at ?? draft.at,
    lastAt: told.at(-1)?.at ?? draft.at,
    acceptedAt: told.find(({ received = 0 }) => received > 0)?.at ?? null,
    reached: reachedBy(told),
    retryAt: retryIn(told),
    ...conclude(draft, around),
    facts: told.map(factOf),
  };
}

function reachedBy(told: readonly LogEvent[]): Reached {
  const worker = told.filter(({ log }) => log === "worker");
  if (worker.length > 0) return worker.length === 1 && worker[0]?.kind === "received" ? "taken" : "run";
  const has = (...kinds: readonly LogEvent["kind"][]): boolean =>
    told.some(({ kind }) => kinds.includes(kind));
  if (has("queued", "wait-failed", "returned-nothing", "sent")) return "queued";
  if (has("event-data", "not-queued")) return "built";
  return has("begins") && !has("queueing", "will-use") ? "page" : "queueing";
}

/** The retry is received at once, and kept by its worker until its time. */
function retryIn(told: readonly LogEvent[]): Instant | null {
  const last = told.findLast(({ log, kind }) => log === "worker" && kind !== "received");
  const seconds = last?.kind === "retrying" ? /Retry in (\d{1,6})s/.exec(last.words ?? "")?.[1] : undefined;
  return last === undefined || seconds === undefined ? null : last.at + Number(seconds) * 1000;
}

function conclude(draft: Draft, around: Surroundings): Conclusion & { mayStillRun: boolean } {
  const { request, story, accepted } = draft;
  const { queued, sent, misconfigured, notQueued, waitFailed } = request;
  const task = story ? ofTask(story, queued !== undefined && isWhole(queued.at, story, around)) : null;
  const waited = waitFailed ? causeOfWait(waitFailed.words ?? "") : null;
  if ((sent?.received ?? 0) > 0 || accepted.length > 0 || task?.result === "accepted") {
    const because =
      accepted.length > 0 || task?.result === "accepted"
        ? "the worker log says that Meta received it"
        : "the application log says that Meta received it";
    return {
      ...nothing,
      result: "accepted",
      because,
      cause: waited,
      mayStillRun: task?.mayStillRun ?? false,
    };
  }
  if (task) return { ...task, cause: task.cause ?? waited };
  if (misconfigured) {
    const because = `nothing was sent: ${misconfigured.words ?? ""}`;
    return { ...nothing, result: "not-sent", cause: "configuration", because, mayStillRun: false };
  }
  if (notQueued) {
    const failed = ofFailedQueueing(notQueued, isOutage(draft, notQueued, around));
    return { ...failed, mayStillRun: failed.result === "unknown" };
  }
  return { ...ofWait(request, waited), mayStillRun: true };
}

/** Without a line of a worker. */
function ofWait({ queued, waitFailed, returned, sent }: Request, cause: Conclusion["cause"]): Conclusion {
  const words = waitFailed?.words ?? returned?.words ?? "";
  if (waitFailed && /Event data inv.{1,3}lido/.test(words)) {
    const because = "the task failed before it sent: its event data was not valid";
    return { ...nothing, result: "not-sent", cause: "task-failed", because };
  }
  const because = waitFailed
    ? `the wait for its task ended (${words}), and no worker's line tells of it`
    : returned || sent
      ? `its task returned nothing that confirms it (${words})`
      : queued
        ? "it was queued, and no line tells how its task ended"
        : "no line tells whether it was queued";
  return { ...nothing, result: "unknown", cause: returned || sent ? "meta-refused" : cause, because };
}

/** No hole in a worker's log since the queueing: only then are the runs that were seen all runs. */
function isWhole(from: Instant, story: TaskStory, { holes }: Surroundings): boolean {
  const last = Math.max(...story.runs.map(({ end }) => end?.at ?? 0));
  return !holes.some(({ at }) => at >= from - MINUTE && at <= last);
}

/** The broker was gone before this request began, and nothing was queued since. */
function isOutage({ at }: Draft, line: LogEvent, { failed }: Surroundings): boolean {
  const near = failed.filter(
    (one) => one.lineage === line.lineage && one.at >= at - OUTAGE && one.at < line.at,
  );
  const before = near.findLast((one) => one.kind === "not-queued" && one.at <= at);
  return (
    before !== undefined &&
    isUnreachable(before) &&
    near.every((one) => one.kind !== "queued" || one.at < before.at)
  );
}
