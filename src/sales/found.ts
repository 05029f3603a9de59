import type { Attestation } from "./attested.js";
import { attestedOf } from "./attested.js";
import type { Evidence, Trace } from "./evidence.js";
import type { Findings } from "./findings.js";
import { acceptedUnder, causeOfLogged, coversAll, factsOfLogged, traceOfLogged } from "./logged-evidence.js";
import type { LoggedAttempt, LoggedSpan } from "./logged.js";
import type { Instant, Sale } from "./sale.js";
import type { TaskEvidence } from "./task-evidence.js";
import { storyOfTasks } from "./task-story.js";

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
  readonly coverage: { readonly application: readonly LoggedSpan[]; readonly worker: readonly LoggedSpan[] };
}

/** What broker, workers and results tell, asked by event id. */
export interface TasksTold extends TaskEvidence {
  /** Event ids of the form `purchase_<id>_<second>` that were met for this sale. */
  madeUpFor(saleId: number): readonly string[];
  /** Purchase tasks were met whose event id no sale that was asked about is known to bear. */
  readonly strays: boolean;
  readonly workers: string | null;
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
  const shared = evidence.siblings.length > 0 ? sale.pageviewEventId : null;
  const own = shared === null ? sale.pageviewEventId : null;
  const attempts = told.logs?.attemptsOf({ ...sale, ownEventId: own }) ?? [];
  const tracked = told.tracked.get(sale.id) ?? null;
  const tasks = tasksFor(sale, told, shared, [
    sale.pageviewEventId,
    tracked,
    ...attempts.map(({ eventId, eventIdCut }) => (eventIdCut ? null : eventId)),
  ]);
  const word = attestedOf(sale, { ...evidence, noTaskLives: tasks.noTaskLives }, told.attestations);
  const logged = shared === null ? [] : (told.logs?.nobodys(shared) ?? []);
  const ofNobody = logged.filter(({ result }) => result === "accepted").map(traceOfLogged);
  return {
    traces: [...attempts.map(traceOfLogged), ...tasks.traces, ...word.traces],
    nobodys: [...ofNobody, ...tasks.nobodys],
    live: tasks.live,
    complete: word.complete || (told.logs !== null && coversAll(sale, attempts, told.logs.coverage)),
    noTaskLives: tasks.noTaskLives,
    cause: causeOfLogged(attempts),
    facts: [...factsOfLogged(attempts), ...tasks.facts, ...word.facts],
    trackedEventId: tracked,
    workers: told.tasks?.workers ?? null,
    acceptedSiblings: acceptedSiblings(sale, evidence, told),
  };
}

type OfTasks = Pick<Findings, "traces" | "nobodys" | "live" | "noTaskLives" | "facts">;

/**
 * The tasks that bear one of the sale's ids. Of a shared click's id a task is the sale's own only where a log ties it;
 * an acceptance that nobody ties is nobody's, and what may have arrived may have been this sale.
 */
function tasksFor(
  sale: Sale,
  { logs, tasks }: Told,
  shared: string | null,
  ids: readonly (string | null)[],
): OfTasks {
  if (tasks === null) return { traces: [], nobodys: [], live: [], noTaskLives: false, facts: [] };
  const candidates = [...new Set([...ids, ...tasks.madeUpFor(sale.id)])].filter((id) => id !== null);
  const told = candidates.map((id) => tasks.tasksOf(id));
  const traces: Trace[] = [];
  const nobodys: Trace[] = [];
  for (const trace of told.flatMap((facts) => facts.traces)) {
    const owner = trace.taskId ? (logs?.ownerOf(trace.taskId) ?? null) : null;
    const isOurs = owner !== null && (owner.id === sale.id || owner.paymentId === sale.paymentId);
    if (trace.eventId !== shared || isOurs) traces.push(trace);
    else if (owner === null && trace.result === "accepted") nobodys.push(trace);
    else if (owner === null && trace.result === "unknown") traces.push(trace);
  }
  const live = told.flatMap((facts) => facts.live);
  return {
    traces,
    nobodys,
    live,
    // A task whose id nobody knows may be this sale's.
    noTaskLives:
      told.length > 0
        ? told.every((facts) => facts.noTaskLives) && (sale.pageviewEventId !== null || !tasks.strays)
        : tasks.tasksOf("").noTaskLives && !tasks.strays,
    facts: storyOfTasks(told),
  };
}

function acceptedSiblings(
  { pageviewEventId }: Sale,
  { siblings }: Evidence,
  { logs }: Told,
): Map<number, Instant> {
  const accepted = new Map<number, Instant>();
  if (logs === null || pageviewEventId === null) return accepted;
  for (const { id, paymentId = "" } of siblings) {
    const at = acceptedUnder(logs.attemptsOf({ id, paymentId, ownEventId: null }), pageviewEventId);
    if (at !== null) accepted.set(id, at);
  }
  return accepted;
}
