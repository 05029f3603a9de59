import type { Attestation } from "./attested.js";
import { attestedOf } from "./attested.js";
import type { Evidence } from "./evidence.js";
import type { Findings } from "./findings.js";
import { noFindings } from "./findings.js";
import {
  acceptedUnder,
  causeOfLogged,
  coversAll,
  factsOfLogged,
  nobodyBegan,
  traceOfLogged,
} from "./logged-evidence.js";
import { waitingOf } from "./live-task.js";
import type { LoggedAttempt, LoggedSpan } from "./logged.js";
import type { Instant, Sale } from "./sale.js";
import type { TaskEvidence } from "./task-evidence.js";
import { withoutRuns } from "./never-ran.js";
import { tasksOfSale } from "./sale-tasks.js";

/** What the logs tell, asked sale by sale. */
export interface LogsTold {
  attemptsOf(sale: {
    readonly id: number;
    readonly paymentId: string;
    readonly ownEventId: string | null;
  }): readonly LoggedAttempt[];
  /** Attempts with this event id that no line ties to a sale. */
  nobodys(eventId: string): readonly LoggedAttempt[];
  /** Whose task it is, as far as a line tells. */
  ownerOf(taskId: string): { readonly id: number | null; readonly paymentId: string | null } | null;
  /** A worker's line from then on may be about a run of any Purchase: of which one, nothing tells. */
  nobodysRunSince(from: Instant): boolean;
  /** An event was built in that time, and nothing tells for which sale. */
  mayBeBuilt(from: Instant, to: Instant): boolean;
  /** How many logs of workers were read, rotated parts counted as one. */
  readonly workerLogs: number;
  readonly coverage: { readonly application: readonly LoggedSpan[]; readonly worker: readonly LoggedSpan[] };
}

/** What broker, workers and results tell, asked by event id. */
export interface TasksTold extends TaskEvidence {
  /** Event ids of the form `purchase_<id>_<second>` that were met for this sale. */
  madeUpFor(saleId: number): readonly string[];
  /** Purchase tasks were met whose event id no sale that was asked about is known to bear. */
  readonly strays: boolean;
  readonly workers: string | null;
  /** When the broker was first looked at; null where it was not read. */
  readonly readAt: Instant | null;
  /** How many workers answered. */
  readonly answered: number;
}

/** Everything that was read for all sales together. */
export interface Told {
  readonly logs: LogsTold | null;
  readonly tasks: TasksTold | null;
  readonly tracked: ReadonlyMap<number, string>;
  readonly attestations: readonly Attestation[];
}

/** What all that says about one sale, beside its evidence from row and journal. */
export function findingsOf(sale: Sale, evidence: Evidence, told: Told): Findings {
  const { logs } = told;
  if (logs === null && told.tasks === null && told.attestations.length === 0 && !told.tracked.has(sale.id)) {
    return noFindings;
  }
  const shared = evidence.siblings.length > 0 ? sale.pageviewEventId : null;
  const own = shared === null ? sale.pageviewEventId : null;
  const seen = logs?.attemptsOf({ ...sale, ownEventId: own }) ?? [];
  const attempts = logs === null ? seen : seen.map((one) => withoutRuns(one, logs, told.tasks));
  const tracked = told.tracked.get(sale.id) ?? null;
  const tasks = tasksOfSale(sale, evidence, told, { shared, tracked, attempts });
  const word = attestedOf(sale, { ...evidence, noTaskLives: tasks.noTaskLives }, told.attestations);
  const none = logs !== null && seen.length === 0 ? nobodyBegan(sale, evidence.flagTimes, logs) : [];
  const logged = shared === null ? [] : (logs?.nobodys(shared) ?? []);
  const ofNobody = logged.filter(({ result }) => result === "accepted").map(traceOfLogged);
  return {
    traces: [...attempts.map(traceOfLogged), ...none, ...tasks.traces, ...word.traces],
    nobodys: [...ofNobody, ...tasks.nobodys],
    // Of a broker that was read, a log tells nothing new.
    live: tasks.live.length > 0 || tasks.noTaskLives ? tasks.live : waitingOf(attempts),
    complete: word.complete || none.length > 0 || (logs !== null && coversAll(sale, attempts, logs.coverage)),
    noTaskLives: tasks.noTaskLives,
    cause: causeOfLogged(attempts),
    facts: [...factsOfLogged(attempts), ...tasks.facts, ...word.facts],
    trackedEventId: tracked,
    workers: told.tasks?.workers ?? null,
    acceptedSiblings: acceptedSiblings(sale, evidence, told, tasks.siblings),
  };
}

function acceptedSiblings(
  { pageviewEventId }: Sale,
  { siblings }: Evidence,
  { logs }: Told,
  byResult: ReadonlyMap<number, Instant>,
): Map<number, Instant> {
  const accepted = new Map(byResult);
  if (logs === null || pageviewEventId === null) return accepted;
  for (const { id, paymentId = "" } of siblings) {
    const at = acceptedUnder(logs.attemptsOf({ id, paymentId, ownEventId: null }), pageviewEventId);
    if (at !== null) accepted.set(id, Math.min(at, accepted.get(id) ?? Infinity));
  }
  return accepted;
}
