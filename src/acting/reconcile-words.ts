import type { ReconcilingContext } from "../context.js";
import { showAmount } from "../sales/money.js";
import { total } from "../sales/outcome.js";
import { actions } from "../sales/permissions.js";
import type { Plan } from "../sales/plan.js";
import { counted, did } from "../sales/summary-words.js";
import type { RunSummary } from "../sales/summary.js";
import { iso } from "../sales/time.js";
import { Told } from "./told.js";
import { doubling, tellRest, testEvents } from "./words.js";

/** `confirm 2 sales (BRL 194.00), resend 1 sale (BRL 97.00)`. */
function parts({ act }: Plan, currency: string): string {
  const told = actions.flatMap((action) => {
    const sum = total(act.filter((item) => item.action === action).map(({ judged }) => judged.sale));
    return sum.count === 0 ? [] : [`${action} ${counted(sum, currency)}`];
  });
  return told.join(", ");
}

/** What a person is asked before: each part with its number and money, where, and to whom. */
export function reconcileQuestion({ place, currency }: ReconcilingContext, plan: Plan): string {
  const sent = plan.act.filter(({ action }) => action === "resend");
  const pixels = [...new Set(sent.map(({ judged }) => judged.identity.pixelId))];
  const to = `${place.graph}, pixel${pixels.length === 1 ? "" : "s"} ${pixels.join(", ")}`;
  const told = new Told(0).add({ judged: [] }, plan, { run: null, dryRun: true, outcomes: [] });
  const risks = `${testEvents(told)}${doubling(told, currency)}`;
  return `${parts(plan, currency)} in ${place.database}${sent.length === 0 ? "" : `, sending to ${to}`}${risks}?`;
}

/** The figures beneath the report. */
export function tellReconciled(ctx: ReconcilingContext, plan: Plan, told: Told, summary: RunSummary): void {
  const { output, currency } = ctx;
  if (told.run !== null) {
    output.say(`run ${told.run}: ${did(summary) || "nothing reached"}${testEvents(told)}`, "strong");
  } else if (plan.act.length === 0) output.say("nothing to reconcile", "strong");
  else {
    output.say(`would ${parts(plan, currency)}${testEvents(told)}${doubling(told, currency)}`, "strong");
  }
  tellRest(ctx, told);
}

/** What could still be sent when the last successful run began, and cannot any more; null where there is nothing. */
export function expiredLine(
  { expiredSinceLast, currency }: Pick<RunSummary, "expiredSinceLast" | "currency">,
  last: number | null,
): string | null {
  if (expiredSinceLast.count === 0 || last === null) return null;
  return `expired since the last run (${iso(last)}): ${counted(expiredSinceLast, currency)}, which Meta no longer accepts`;
}

/** Figures of a plan that a cap stopped. */
export function capLine(because: string, plan: Plan, currency: string): string {
  const sum = total(plan.act.map(({ judged }) => judged.sale));
  return `nothing was done: ${because}; it would ${parts(plan, currency)}, ${showAmount(sum.amount, currency)} in all`;
}
