import { carrierOf, inOrder } from "./click.js";
import type { Cause, Evidence, Fact, LiveTask, Trace } from "./evidence.js";
import type { Instant, Sale } from "./sale.js";

/** What sources beyond row and journal found about one sale. */
export interface Findings {
  readonly traces: readonly Trace[];
  /** Acceptances of its event id that no source ties to one sale: what they prove, and for whom, is decided here. */
  readonly nobodys: readonly Trace[];
  readonly live: readonly LiveTask[];
  readonly complete: boolean;
  readonly noTaskLives: boolean;
  readonly cause: Cause | null;
  readonly facts: readonly Fact[];
  readonly trackedEventId: string | null;
  readonly workers: string | null;
  /** When each sibling's copy of the shared id was accepted, where a source ties one to it. */
  readonly acceptedSiblings: ReadonlyMap<number, Instant>;
}

export const noFindings: Findings = {
  traces: [],
  nobodys: [],
  live: [],
  complete: false,
  noTaskLives: false,
  cause: null,
  facts: [],
  trackedEventId: null,
  workers: null,
  acceptedSiblings: new Map(),
};

/**
 * Evidence and findings put together. An acceptance that is nobody's own counts for the sale that carries the shared
 * click's id, and for no other: Meta counted one event, and the number of purchases comes out right (risk R2).
 */
export function withFindings(sale: Sale, evidence: Evidence, found: Findings): Evidence {
  // One object for all sales of which nobody tells anything, instead of five for each.
  if (found === noFindings && evidence.traces.length < 2) return evidence;
  const siblings = evidence.siblings.map((sibling) => {
    const accepted = found.acceptedSiblings.get(sibling.id);
    if (accepted === undefined) return sibling;
    return { ...sibling, acceptedAt: Math.min(accepted, sibling.acceptedAt ?? Infinity) };
  });
  const own = { ...evidence, siblings, traces: united([...evidence.traces, ...found.traces]) };
  // Whose attempts are all known not to have arrived, had no part in it.
  const isExcluded = found.complete && own.traces.every(didNotArrive);
  const traces =
    found.nobodys.length > 0 && !isExcluded && carrierOf(sale, own) === null
      ? united([...own.traces, ...found.nobodys.map(ofTheClick)])
      : own.traces;
  return {
    ...own,
    traces,
    live: [...evidence.live, ...stillLiving(found.live, traces)],
    complete: evidence.complete || found.complete,
    noTaskLives: evidence.noTaskLives || found.noTaskLives,
    cause: found.cause ?? evidence.cause,
    facts: [...evidence.facts, ...found.facts].toSorted((a, b) => a.at - b.at),
    trackedEventId: found.trackedEventId ?? evidence.trackedEventId,
    workers: found.workers ?? evidence.workers,
  };
}

function ofTheClick(trace: Trace): Trace {
  return { ...trace, because: `${trace.because}, for one of the sales that share its click (risk R2)` };
}

function didNotArrive({ result }: Trace): boolean {
  return result === "refused" || result === "not-sent";
}

/** A task that is done, accepted, and has no copy left is not waited for. */
function stillLiving(live: readonly LiveTask[], traces: readonly Trace[]): readonly LiveTask[] {
  const accepted = new Set(traces.filter(({ result }) => result === "accepted").map(({ taskId }) => taskId));
  return live.filter(({ taskId, copies }) => !taskId || (copies ?? 1) > 1 || !accepted.has(taskId));
}

/**
 * Several sources tell of one attempt where they bear one task id. An acceptance settles it; one run that may have
 * arrived leaves it open; a source that saw no end gives way to one that did.
 */
export function united(traces: readonly Trace[]): Trace[] {
  const alone = traces.filter(({ taskId }) => !taskId);
  const tasks = new Map<string, Trace[]>();
  for (const trace of traces) {
    if (trace.taskId) tasks.set(trace.taskId, [...(tasks.get(trace.taskId) ?? []), trace]);
  }
  return inOrder([...alone, ...[...tasks.values()].map(one)]);
}

function one(told: readonly Trace[]): Trace {
  const inTime = inOrder(told);
  const speaks =
    inTime.find(({ result }) => result === "accepted") ??
    inTime.find(({ result, unseen }) => result === "unknown" && !unseen) ??
    inTime.findLast(({ result }) => result !== "unknown") ??
    inTime[0];
  if (!speaks) throw new RangeError("an attempt of which nothing is told");
  const first = Math.min(...told.map(({ at }) => at));
  return {
    ...speaks,
    // When it was accepted counts for folding; otherwise when it began, since a copy may have left then.
    at: speaks.result === "accepted" ? speaks.at : first,
    eventId: speaks.eventId ?? inTime.find(({ eventId }) => eventId !== null)?.eventId ?? null,
    pixelId: speaks.pixelId ?? inTime.find(({ pixelId }) => pixelId !== null)?.pixelId ?? null,
  };
}
