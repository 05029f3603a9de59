import type { Cause, Evidence } from "./evidence.js";
import { causes } from "./evidence.js";

/** A cause as the incident report tells it, and what an operator does about it. */
export interface CauseTold {
  /** The report's own number; null for what it does not list. */
  readonly number: 1 | 2 | 3 | null;
  /** For a column of a table. */
  readonly short: string;
  readonly title: string;
  readonly symptom: string;
  /** What to look at, the likeliest first. */
  readonly check: readonly string[];
  readonly remedy: string;
}

/** The incident report's table of causes, and the two that it met without naming them. */
export const causeTable: Readonly<Record<Cause, CauseTold>> = {
  "celery-timeout": {
    number: 1,
    short: "Celery timeout",
    title: "Celery timed out",
    symptom: "the web process waited 10 s for its task and gave up; the task itself goes on in the worker",
    check: [
      "purchase-fix celery-status: are the workers down, frozen or overloaded?",
      "the worker's log: slow network, or slow answers of Meta",
    ],
    remedy: "restart or add workers, and raise the application's timeout of 10 s",
  },
  "meta-refused": {
    number: 2,
    short: "Meta refused",
    title: "Meta refused",
    symptom: "Meta answered 4xx or 5xx, counted no event, or the task returned nothing",
    check: [
      "code 190: the pool's access token is invalid or expired; put a new one into redirect_pools",
      "another code: the pool's pixel id, and event_id, user_data and custom_data of the event",
      "5xx: Meta's own trouble; the task retries, and an attempt may have counted",
      "purchase-fix resend --id … --dry-run names what the shop's rows lack",
    ],
    remedy: "mend token, pixel or row first: whatever is sent before is refused again",
  },
  "task-failed": {
    number: 3,
    short: "task failed",
    title: "the task failed",
    symptom: "the task raised an error before it sent: token, payload or validation",
    check: [
      "ENCRYPTION_KEY of the application: can the pool's access token be decrypted with it?",
      "the worker's log: which field of the event was not valid?",
    ],
    remedy: "mend the key or the sale's row; resend builds the event by itself and needs no worker",
  },
  configuration: {
    number: null,
    short: "configuration",
    title: "the configuration forbade it",
    symptom:
      "the bot is in no pool, or its pool has tracking, the Purchase event, pixel or token switched off",
    check: [
      "pool_bots and redirect_pools: pool, meta_pixel_id, meta_access_token, meta_tracking_enabled, meta_events_purchase",
    ],
    remedy: "mend the pool, if its sales are to be reported at all",
  },
  "not-queued": {
    number: null,
    short: "never queued",
    title: "it was never queued",
    symptom: "the web process could not hand the task to the broker",
    check: [
      "purchase-fix celery-status: does the broker answer?",
      "CELERY_BROKER_URL of the web process, memory and password of Redis",
    ],
    remedy: "mend the broker; a connection that broke may have queued the task all the same",
  },
};

/** What `--cause` takes; `unknown` are the sales of which no source tells a cause. */
export const causeNames = [...causes, "unknown"] as const;
export type CauseName = (typeof causeNames)[number];

/**
 * What kept the sale from being confirmed: as the logs tell it, else as a task's result or Meta's answer to us does.
 * An attestation names no cause: it says what did not happen, and not why.
 */
export function causeOf(evidence: Pick<Evidence, "cause" | "traces" | "refused">): Cause | null {
  if (evidence.cause !== null) return evidence.cause;
  if (evidence.traces.length === 0) return evidence.refused === null ? null : "meta-refused";
  const results = evidence.traces
    .filter(
      ({ source, result }) => source === "task result" && (result === "refused" || result === "not-sent"),
    )
    .toSorted((a, b) => a.at - b.at);
  const last = results.at(-1);
  if (last) return last.result === "refused" ? "meta-refused" : "task-failed";
  return evidence.refused === null ? null : "meta-refused";
}

/** Which sources this invocation asked; one that was asked need not have answered. */
export interface Asked {
  readonly logs: boolean;
  readonly broker: boolean;
  readonly tracking: boolean;
}

/** Where the cause is unknown: the evidence that would tell it. */
export function whatWouldTell({ logs, broker }: Asked): string[] {
  return [
    logs
      ? "older logs: the rotated parts, and those of every web host and worker, with --evidence-log"
      : "the application's and the workers' logs: --evidence-log 'logs/*.log*'",
    broker
      ? "its task's result, which Celery keeps for an hour only: here it was not found, or tells nothing"
      : "queues and task results of the last hour: CELERY_BROKER_URL (and no --no-broker)",
  ];
}
