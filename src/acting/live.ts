import type { Picture, ReadingContext } from "../context.js";
import { showAmount } from "../sales/money.js";
import { total } from "../sales/outcome.js";
import { byDeadline } from "../sales/plan.js";
import { age } from "../sales/time.js";
import type { Trend } from "../sales/trend.js";
import { perMinute } from "../sales/trend.js";
import type { Judged, VerdictKind } from "../sales/verdict.js";
import { verdictKinds } from "../sales/verdict.js";
import type { Survey } from "./survey.js";

type Lines = Picture<Judged>["lines"];

/** What whoever watches an incident wants to see above the list: what comes and goes, the backlog, the workers, the time left. */
export function liveLines(
  { judged, now }: Survey,
  trend: Trend,
  { currency, asked }: Pick<ReadingContext, "currency" | "asked">,
): Lines {
  return [flow(trend), ...backlog(judged, currency), workers(judged, asked.broker), ...nearest(judged, now)];
}

function flow({ came, went, spanMs }: Trend): Lines[number] {
  if (spanMs <= 0) return { text: "watching: what comes and goes shows from the next look on", tone: "dim" };
  const text = `last ${age(spanMs)}: ${came} came in (${perMinute(came, spanMs)}), ${went} went out (${perMinute(went, spanMs)})`;
  return { text, tone: came > went ? "bad" : went > 0 ? "good" : "dim" };
}

/** A bar per verdict, as long as its share. */
function backlog(judged: readonly Judged[], currency: string): Lines {
  const of = (kind: VerdictKind) => judged.filter((one) => one.kind === kind).map(({ sale }) => sale);
  const parts = verdictKinds
    .map((kind) => ({ kind, sum: total(of(kind)) }))
    .filter(({ sum }) => sum.count > 0);
  return parts.map(({ kind, sum: { count, amount } }) => {
    const bar = "#".repeat(Math.max(1, Math.round((BAR * count) / judged.length)));
    return {
      text: `  ${kind.padEnd(11)} ${String(count).padStart(6)}  ${bar}  ${showAmount(amount, currency)}`,
    };
  });
}

/** Columns of a bar that stands for all sales: with its words it fits 80. */
const BAR = 30;

/** Asked with each look where the broker is a Redis: the evidence of every sale carries what was found. */
function workers(judged: readonly Judged[], asked: boolean): Lines[number] {
  if (!asked) return { text: "workers: not asked (CELERY_BROKER_URL tells where)", tone: "dim" };
  if (judged.length === 0) return { text: "workers: see purchase-fix celery-status", tone: "dim" };
  const trouble = judged.find(({ evidence }) => evidence.workers !== null)?.evidence.workers ?? null;
  return trouble === null
    ? { text: "workers: well", tone: "good" }
    : { text: `workers: ${trouble}`, tone: "bad" };
}

function nearest(judged: readonly Judged[], now: number): Lines {
  const first = byDeadline(judged, now).find(({ deadline }) => deadline !== null && deadline > now);
  if (!first?.deadline) return [];
  const what =
    first.deadline === first.expiresAt ? "Meta no longer accepts it" : "a second copy is no longer folded";
  const left = first.deadline - now;
  return [
    {
      text: `nearest deadline: sale ${first.sale.id} in ${age(left)} (then ${what})`,
      tone: left < SOON ? "bad" : "dim",
    },
  ];
}

const SOON = 6 * 3_600_000;
