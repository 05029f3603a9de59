import type { Column, ReadingContext, Report, RestrainingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Acknowledged } from "../ports.js";
import { JSON_VERSION } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import { total } from "../sales/outcome.js";
import { byDeadline } from "../sales/plan.js";
import { nextTry } from "../sales/restraint.js";
import type { Instant, Sale } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import { survey } from "./look.js";

/** A sale is created when it is offered, and may be paid days later: what Meta still accepts is no older than this. */
const HOURS = 14 * 24;

/** Lists the sales that windows leave because they were tried in vain. */
export async function listQuarantine(ctx: ReadingContext): Promise<ExitCode> {
  const found = await survey(ctx, { by: "span", hours: HOURS });
  const { now } = found;
  const sales = byDeadline(found.judged, now).filter(
    ({ restraint }) => restraint.kind === "quarantined" || restraint.kind === "paused",
  );
  const head = { version: JSON_VERSION, command: "quarantine", generatedAt: iso(now) };
  const kept = sales.filter(({ restraint }) => restraint.kind === "quarantined");
  const totals = { ...total(kept.map(({ sale }) => sale)), paused: sales.length - kept.length };
  await ctx.output.report({
    columns: quarantineColumns,
    rows: sales,
    document: () => ({ ...head, sales: sales.map(quarantineJson), totals }),
    lines: function* () {
      for (const judged of sales) yield quarantineJson(judged);
      yield { ...head, totals };
    },
  });
  const money = showAmount(totals.amount, ctx.currency);
  ctx.output.say(`${totals.count} in quarantine (${money}), ${totals.paused} paused`);
  return exitCode.ok;
}

const time = (at: Instant | null) => (at === null ? null : iso(at));

const quarantineColumns: Column<Judged>[] = [
  { title: "ID", value: ({ sale }) => String(sale.id), align: "right" },
  { title: "Payment", value: ({ sale }) => sale.paymentId, spare: 1 },
  { title: "Amount", value: ({ sale }) => sale.amount, align: "right" },
  { title: "State", value: ({ restraint }) => restraint.kind, tone: () => "warn" },
  { title: "Tries", value: ({ evidence }) => String(evidence.tries.count), align: "right" },
  { title: "Last try", value: ({ evidence }) => time(evidence.tries.lastAt), spare: 2 },
  { title: "Next try", value: ({ restraint }) => time(restraint.until) },
  { title: "Last answer", value: ({ evidence }) => evidence.tries.because, flexible: true },
];

function quarantineJson({ sale, evidence, restraint, deadline }: Judged) {
  const { tries } = evidence;
  return {
    id: sale.id,
    paymentId: sale.paymentId,
    amount: sale.amount,
    state: restraint.kind,
    tries: tries.count,
    lastTryAt: time(tries.lastAt),
    nextTryAt: restraint.kind === "paused" ? time(nextTry(tries, deadline)) : null,
    because: tries.because,
    deadline: time(deadline),
  };
}

/** Lists what was acknowledged, withdrawn ones too. */
export async function listAcknowledged(
  ctx: Pick<RestrainingContext, "output" | "restraints" | "clock">,
): Promise<ExitCode> {
  const all = await ctx.restraints.list();
  const head = { version: JSON_VERSION, command: "acknowledge", generatedAt: iso(ctx.clock.now()) };
  await ctx.output.report({
    columns: acknowledgedColumns,
    rows: all,
    document: () => ({ ...head, acknowledgements: all.map(acknowledgedJson) }),
    lines: function* () {
      for (const one of all) yield acknowledgedJson(one);
      yield { ...head, totals: { count: all.length } };
    },
  });
  const standing = all.filter(({ withdrawn }) => withdrawn === null).length;
  ctx.output.say(
    all.length === 0 ? "nobody has acknowledged a sale" : `${all.length} on record, ${standing} in force`,
  );
  return exitCode.ok;
}

const acknowledgedColumns: Column<Acknowledged>[] = [
  { title: "ID", value: ({ saleId }) => String(saleId), align: "right" },
  { title: "Reason", value: ({ reason }) => reason, flexible: true },
  { title: "By", value: ({ by }) => by },
  { title: "At", value: ({ at }) => iso(at) },
  { title: "Run", value: ({ run }) => run, spare: 2 },
  {
    title: "Withdrawn",
    value: ({ withdrawn }) =>
      withdrawn === null ? null : `${iso(withdrawn.at)} by ${withdrawn.by}: ${withdrawn.because}`,
    flexible: true,
  },
];

function acknowledgedJson({ saleId, reason, by, at, run, withdrawn }: Acknowledged) {
  const taken = withdrawn === null ? null : { ...withdrawn, at: iso(withdrawn.at) };
  return { id: saleId, reason, by, at: iso(at), run, withdrawn: taken };
}

/** The sales about which something was decided, with the reason that was given. */
export function decidedReport(
  { record }: RestrainingContext,
  command: string,
  sales: readonly Sale[],
  reason: string,
  now: Instant,
): Report<Sale> {
  const head = { version: JSON_VERSION, command, generatedAt: iso(now), run: record.id };
  const told = sales.map(({ id, paymentId, amount }) => ({ id, paymentId, amount, reason }));
  return {
    columns: [
      { title: "ID", value: ({ id }) => String(id), align: "right" },
      { title: "Payment", value: ({ paymentId }) => paymentId, spare: 1 },
      { title: "Bot", value: ({ botName }) => botName, flexible: true },
      { title: "Amount", value: ({ amount }) => amount, align: "right" },
    ],
    rows: sales,
    document: () => ({ ...head, sales: told }),
    lines: function* () {
      yield* told;
      yield head;
    },
  };
}
