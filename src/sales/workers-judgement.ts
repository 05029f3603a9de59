import type { CelerySnapshot } from "./workers.js";

/** What the workers were found to be. All but the first want somebody; `unknown` is never called down. */
export type Condition =
  | "healthy"
  | "saturated"
  | "pool-frozen"
  | "main-frozen"
  | "solo-busy"
  | "zombie"
  | "dead"
  | "unattended"
  | "unknown";

/** One line of judgement, from what it was concluded, and what to do. */
export interface WorkersJudgement {
  readonly state: "healthy" | "unhealthy" | "unknown";
  readonly condition: Condition;
  readonly because: string;
  /** What was seen, one fact a line. */
  readonly signals: readonly string[];
  /** Which cause of the incident report that is; null where it is none, or not known. */
  readonly cause: string | null;
  /** What to do; null where nothing is to be done. */
  readonly next: string | null;
  /** What is not right beside that: orphans, copies, Purchases that would be sent again. */
  readonly findings: readonly string[];
}

/** What a rule concludes; signals and findings are added to whatever it is. */
export type Conclusion = Pick<WorkersJudgement, "state" | "condition" | "because">;

/** A rule of the judge; null where it does not apply. */
export type JudgeRule = (snapshot: CelerySnapshot) => Conclusion | null;

const down = "cause 1, Celery timeout: workers down";
const overloaded = "cause 1, Celery timeout: workers overloaded";

/** The cause of the incident report and the remedy, by condition. */
export const remedies: Readonly<Record<Condition, { cause: string | null; next: string | null }>> = {
  healthy: { cause: null, next: null },
  saturated: {
    cause: overloaded,
    next: "add slots (-c) or workers; what is queued is sent by itself, late",
  },
  "pool-frozen": {
    cause: down,
    next: "restart the worker (SIGKILL its pool if it ignores that); tasks that it holds then run",
  },
  "main-frozen": {
    cause: down,
    next: "restart the worker (SIGKILL if it ignores SIGTERM); what it holds comes back an hour after delivery",
  },
  "solo-busy": {
    cause: overloaded,
    next: "ask again in a minute; if it still says so, restart the worker. A prefork pool (-P prefork) answers while it works",
  },
  zombie: {
    cause: down,
    next: "restart the worker; start it with --without-mingle --without-gossip, or a restart of Redis does this again",
  },
  dead: { cause: down, next: "start the workers; what is queued is then sent by itself" },
  unattended: {
    cause: down,
    next: "start a worker for that queue (-Q), or restart the one that should take from it",
  },
  unknown: {
    cause: null,
    next: "look at the worker's process and log; check that this is the workers' broker and database",
  },
};
