import type { CeleryFacts, Told } from "../ports.js";
import { judgeWorkers } from "../sales/workers-judge.js";
import type { CelerySnapshot } from "../sales/workers.js";
import type { Finding } from "./finding.js";
import { findingsOf, unknown } from "./finding.js";

const finding = findingsOf("celery");

/** Broker, workers, the task, and where results lie. */
export function judgeCelery(facts: CeleryFacts | null): Finding[] {
  if (facts === null) {
    const what = "no broker is configured: queues, workers and task results are no evidence";
    return [
      finding("celery-reachable", "note", { what, mend: "CELERY_BROKER_URL=redis://localhost:6379/0" }),
    ];
  }
  const { workers, registered, results, tracking } = facts;
  return [
    ...ofWorkers(workers),
    ...(registered === null || "trouble" in workers ? [] : [ofTask(registered)]),
    ...ofRedis("celery-results", "the result backend", results),
    ...ofRedis("tracking-redis", "the application's Redis", tracking),
  ];
}

function ofWorkers(workers: Told<CelerySnapshot>): Finding[] {
  if ("trouble" in workers) {
    const { what, why, next } = workers.trouble;
    return [finding("celery-reachable", "fault", { what, why, mend: next })];
  }
  const reached = finding("celery-reachable", "ok", { what: "the broker answers" });
  const { state, condition, because, next, findings } = judgeWorkers(workers.known);
  const level = state === "healthy" ? "ok" : state === "unhealthy" ? "warning" : "unknown";
  return [
    reached,
    finding("celery-workers", level, {
      what: state === "healthy" ? because : `${condition}: ${because}`,
      mend: state === "healthy" ? null : (next ?? "purchase-fix celery-status"),
    }),
    ...findings.map((what) => finding("celery-queue", "note", { what, mend: "purchase-fix celery-status" })),
  ];
}

type Registered = Exclude<CeleryFacts["registered"], null>;

function ofTask(registered: Registered): Finding {
  if ("trouble" in registered) return unknown("celery", "celery-task", registered.trouble);
  const { having, lacking } = registered.known;
  if (having.length === 0 && lacking.length === 0) {
    const what = "no worker told which tasks it knows";
    return finding("celery-task", "unknown", { what, mend: "purchase-fix celery-status" });
  }
  if (lacking.length === 0)
    return finding("celery-task", "ok", { what: `send_meta_event is registered at ${having.join(", ")}` });
  return finding("celery-task", "warning", {
    what: `send_meta_event is not registered at ${lacking.join(", ")}`,
    why: "such a worker throws away every Purchase that it takes from the queue",
    mend: "celery -A celery_app inspect registered # then start that worker with the application that has the task",
  });
}

function ofRedis(name: string, whose: string, told: Told<true> | null): Finding[] {
  if (told === null) return [];
  if ("known" in told) return [finding(name, "ok", { what: `${whose} answers` })];
  const { what, why, next } = told.trouble;
  return [finding(name, "fault", { what: `${whose}: ${what}`, why, mend: next })];
}
