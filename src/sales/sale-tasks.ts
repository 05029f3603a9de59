import type { Evidence, Trace } from "./evidence.js";
import type { Findings } from "./findings.js";
import type { Told } from "./found.js";
import type { LoggedAttempt } from "./logged.js";
import type { Instant, Sale } from "./sale.js";
import { isWhole } from "./logged-evidence.js";
import { MINUTE, paidMoment } from "./sale.js";
import { storyOfTasks } from "./task-story.js";

/** What broker and results say of one sale. */
export interface OfTasks extends Pick<Findings, "traces" | "nobodys" | "live" | "noTaskLives" | "facts"> {
  /** When a task that a log ties to a sibling was accepted. */
  readonly siblings: ReadonlyMap<number, Instant>;
}

interface Known {
  /** The click's id, where other sales bear it too. */
  readonly shared: string | null;
  readonly tracked: string | null;
  readonly attempts: readonly LoggedAttempt[];
}

/**
 * The tasks that bear one of the sale's ids. One that a log ties to another sale is that sale's. Of a shared click's id
 * a task is the sale's own only where a log ties it; an acceptance that nobody ties is nobody's, and what may have
 * arrived, or may yet, may be this sale.
 */
export function tasksOfSale(
  sale: Sale,
  { siblings }: Pick<Evidence, "siblings">,
  { logs, tasks }: Told,
  { shared, tracked, attempts }: Known,
): OfTasks {
  if (tasks === null) {
    return { traces: [], nobodys: [], live: [], noTaskLives: false, facts: [], siblings: new Map() };
  }
  const logged = attempts.flatMap(({ eventId, eventIdCut }) => (eventIdCut ? [] : (eventId ?? [])));
  const ids = [sale.pageviewEventId, tracked, ...logged, ...tasks.madeUpFor(sale.id)];
  const told = [...new Set(ids.flatMap((id) => id ?? []))].map((id) => tasks.tasksOf(id));
  const ownerOf = (taskId: string | null | undefined) => (taskId ? (logs?.ownerOf(taskId) ?? null) : null);
  const isOf = (owner: ReturnType<typeof ownerOf>, one: { id: number; paymentId?: string }) =>
    owner !== null &&
    (owner.id === one.id || (owner.paymentId !== null && owner.paymentId === one.paymentId));
  const isTheirs = (taskId: string | null | undefined) =>
    ownerOf(taskId) !== null && !isOf(ownerOf(taskId), sale);
  const traces: Trace[] = [];
  const nobodys: Trace[] = [];
  const accepted = new Map<number, Instant>();
  for (const trace of told.flatMap((facts) => facts.traces).map((one) => seenByLogs(one, attempts))) {
    const owner = ownerOf(trace.taskId);
    if (isOf(owner, sale) || (owner === null && trace.eventId !== shared)) traces.push(trace);
    else if (owner === null && trace.result === "accepted") nobodys.push(trace);
    else if (owner === null && trace.result === "unknown") traces.push(trace);
    else if (trace.result === "accepted") {
      const sibling = siblings.find((one) => isOf(owner, one));
      if (sibling) accepted.set(sibling.id, Math.min(trace.at, accepted.get(sibling.id) ?? Infinity));
    }
  }
  const isAbsent = told.length > 0 ? told.every((one) => one.noTaskLives) : tasks.tasksOf("").noTaskLives;
  return {
    traces,
    nobodys,
    live: told.flatMap((facts) => facts.live).filter(({ taskId }) => !isTheirs(taskId)),
    // A task whose event nobody knows may be this sale's.
    noTaskLives:
      isAbsent && (!tasks.strays || sale.pageviewEventId !== null || isNamed(sale, attempts, logs)),
    facts: storyOfTasks(
      told.map((facts) => ({
        ...facts,
        traces: facts.traces.filter(({ taskId }) => !isTheirs(taskId)),
        live: facts.live.filter(({ taskId }) => !isTheirs(taskId)),
      })),
    ),
    siblings: accepted,
  };
}

/** The log is whole from the payment until the flag was set last, and tells the event id of every attempt. */
function isNamed(sale: Sale, attempts: readonly LoggedAttempt[], logs: Told["logs"]): boolean {
  const paid = paidMoment(sale);
  if (paid === null || sale.flaggedAt === null || logs === null || attempts.length === 0) return false;
  const isTold = attempts.every(({ eventId, eventIdCut }) => eventId !== null && !eventIdCut);
  return isTold && isWhole(logs.coverage.application, paid, sale.flaggedAt + CLOCKS);
}

/** A clock of another host. */
const CLOCKS = MINUTE;

/**
 * A task that returned nothing was refused, or gave up after answers that Meta may have counted: its result cannot tell
 * which. A log that goes on until then saw it, and speaks for it.
 */
function seenByLogs(trace: Trace, attempts: readonly LoggedAttempt[]): Trace {
  const { source, unseen, taskId, at } = trace;
  if (source !== "task result" || unseen !== true) return trace;
  return {
    ...trace,
    unseen: attempts.some(
      (one) => one.taskId === taskId && one.reached === "run" && one.lastAt >= at - CLOCKS,
    ),
  };
}
