import type { RestrainingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Lease } from "../ports.js";
import { showAmount } from "../sales/money.js";
import { total } from "../sales/outcome.js";
import type { Sale } from "../sales/sale.js";
import type { Judged } from "../sales/verdict.js";
import { decidedReport } from "./restrained.js";
import { underLease } from "./run.js";
import { survey } from "./look.js";
import { noSaleBears, notStuck } from "./words.js";

export interface RestrainOptions {
  readonly references: readonly string[];
  readonly reason: string;
  readonly waitMs: number;
}

/** What is decided about the sales that were named. */
interface Decision {
  readonly command: "quarantine" | "acknowledge";
  /** Why one of them is none of this command's; null where it is. */
  readonly hinders: (judged: Judged) => string | null;
  readonly write: (lease: Lease, ids: readonly number[], by: string) => Promise<unknown>;
  /** Such as `released`. */
  readonly done: string;
  /** What that means from now on. */
  readonly meaning: string;
}

/** Takes sales out of quarantine: they are tried again as if for the first time. */
export function release(ctx: RestrainingContext, options: RestrainOptions): Promise<ExitCode> {
  return decideAbout(ctx, options, {
    command: "quarantine",
    hinders: ({ evidence }) =>
      evidence.tries.count === 0 ? "is not in quarantine: no try of it was in vain" : null,
    write: (lease, ids, by) => ctx.restraints.release(lease, ids, options.reason, by),
    done: "released",
    meaning: "windows try them again",
  });
}

/** Lets sales rest that nobody can mend: windows leave them, and no alarm is raised for them. */
export function acknowledge(ctx: RestrainingContext, options: RestrainOptions): Promise<ExitCode> {
  return decideAbout(ctx, options, {
    command: "acknowledge",
    hinders: ({ evidence: { acknowledged } }) =>
      acknowledged === null ? null : `is acknowledged already, by ${acknowledged.by}: ${acknowledged.reason}`,
    write: (lease, ids, by) => ctx.restraints.acknowledge(lease, ids, options.reason, by),
    done: "acknowledged",
    meaning: "windows leave them alone",
  });
}

async function decideAbout(
  ctx: RestrainingContext,
  { references, reason, waitMs }: RestrainOptions,
  decision: Decision,
): Promise<ExitCode> {
  const { command } = decision;
  const found = await survey(ctx, { by: "name", references });
  if (found.unknown.length > 0) throw refusal(noSaleBears(found.unknown));
  const [other] = found.others;
  if (other !== undefined) throw refusal(`Sale ${nameOf(other)} is ${notStuck(other)}`);
  for (const judged of found.judged) {
    const why = decision.hinders(judged);
    if (why !== null) throw refusal(`Sale ${nameOf(judged.sale)} ${why}`);
  }
  const sales = found.judged.map(({ sale }) => sale);
  await written(ctx, waitMs, sales, decision.done, decision.write);
  await ctx.output.report(decidedReport(ctx, command, sales, reason, found.now));
  const money = showAmount(total(sales).amount, ctx.currency);
  ctx.output.say(
    `run ${ctx.record.id}: ${decision.done} ${sales.length} sale${sales.length === 1 ? "" : "s"} (${money}); ${decision.meaning}`,
    "strong",
  );
  return exitCode.ok;
}

/** Takes acknowledgements back; of sales in whatever state. */
export async function withdraw(ctx: RestrainingContext, options: RestrainOptions): Promise<ExitCode> {
  const { references, reason, waitMs } = options;
  const named = await ctx.sales.named(references);
  const unknown = references.filter((name) => !named.has(name));
  if (unknown.length > 0) throw refusal(noSaleBears(unknown));
  const sales = [...new Map([...named.values()].map((sale) => [sale.id, sale])).values()];
  const all = await ctx.restraints.list();
  const standing = new Set(all.filter((one) => one.withdrawn === null).map(({ saleId }) => saleId));
  for (const sale of sales)
    if (!standing.has(sale.id)) throw refusal(`Sale ${nameOf(sale)} is not acknowledged`);
  await written(ctx, waitMs, sales, "withdrawn", (lease, ids, by) =>
    ctx.restraints.withdraw(lease, ids, reason, by),
  );
  const which = sales.map(({ id }) => id).join(", ");
  ctx.output.say(`run ${ctx.record.id}: ${which}: no longer acknowledged; windows look at them again`);
  return exitCode.ok;
}

async function written(
  ctx: RestrainingContext,
  waitMs: number,
  sales: readonly Sale[],
  done: string,
  write: Decision["write"],
): Promise<void> {
  const { record, output } = ctx;
  const by = `${record.user}@${record.host}`;
  const waiting = ({ run, host }: { run: string; host: string }) =>
    output.say(`waiting for run ${run} on ${host}`);
  await underLease(ctx, { record, waitMs, needs: 4, stop: ctx.signals.stop, waiting }, async (lease) => {
    const result = await write(
      lease,
      sales.map(({ id }) => id),
      by,
    );
    return { result, summary: { [done]: sales.length } };
  });
}

const nameOf = ({ id, paymentId }: Sale) => `${id} (${paymentId})`;

function refusal(what: string): KnownError {
  return new KnownError({
    what,
    why: "nothing was changed",
    next: "see what there is: purchase-fix find-stuck --hours 168, quarantine list, acknowledge --list",
  });
}
