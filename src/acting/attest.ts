import type { AttestingContext, Report } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Attestation } from "../sales/attested.js";
import { faultOfSpan } from "../sales/attested.js";
import { changesOf, foresee, totalOf } from "../sales/foresee.js";
import type { Foreseen } from "../sales/foresee.js";
import { JSON_VERSION } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import { DAY, type Instant } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import { underLease } from "./run.js";
import { survey } from "./look.js";

export interface AttestOptions {
  readonly from: Instant;
  readonly to: Instant;
  readonly pixelId: string | null;
  readonly reason: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly waitMs: number;
}

/** A sale is created when it is offered, and may be paid days later. */
const CREATED_BEFORE = 7 * DAY;

/** Says what the word would make of the sales that are stuck now, asks, and puts it on record under the run lock. */
export async function attest(ctx: AttestingContext, options: AttestOptions): Promise<ExitCode> {
  const { from, to, pixelId, reason } = options;
  const { output, record, policy } = ctx;
  const fault = faultOfSpan(from, to, await ctx.sales.now());
  if (fault !== null)
    throw new KnownError({ what: fault, next: "give the span in which nothing can have been sent" });
  const found = await survey(ctx, { by: "span", since: from - CREATED_BEFORE, until: to + 1 });
  const by = `${record.user}@${record.host}`;
  const word: Attestation = { id: 0, from, to, pixelId, reason, by, at: found.now };
  const { covered, touched } = foresee(found.judged, word, policy, found.now);
  const told = tellOf(ctx, covered, touched);
  if (options.dryRun) {
    await output.report(reportOf(word, covered, found.now, null));
    for (const line of told) output.say(line);
    return exitCode.ok;
  }
  for (const line of told) output.say(line);
  if (!(await consent(ctx, word, options.yes))) return exitCode.attention;
  if (ctx.signals.stop.aborted) {
    output.say("interrupted: nothing was put on record");
    return exitCode.attention;
  }
  await ctx.runs.prepare(2); // Before the lock, which needs less.
  const given = await underLease(
    ctx,
    {
      record,
      waitMs: options.waitMs,
      stop: ctx.signals.stop,
      waiting: ({ run, host }) => output.say(`waiting for run ${run} on ${host}`),
    },
    async (lease) => {
      const result = await ctx.attestations.give(lease, word);
      return { result, summary: { attested: result.id, covered: covered.length } };
    },
  );
  await output.report(reportOf(given, covered, found.now, record.id));
  output.say(
    `run ${record.id}: attestation ${given.id} is on record; purchase-fix attest --withdraw ${given.id} takes it back`,
    "strong",
  );
  return exitCode.ok;
}

function tellOf({ currency }: AttestingContext, covered: readonly Foreseen[], touched: number): string[] {
  const { count, amount } = totalOf(covered);
  const sales = `${count} stuck sale${count === 1 ? "" : "s"}`;
  const what = count === 0 ? "" : ` (${showAmount(amount, currency)}): ${changesOf(covered)}`;
  const rest =
    touched === 0
      ? []
      : [
          `${touched} more, paid or flagged in it, ${touched === 1 ? "is" : "are"} not covered: the span must hold everything from the payment until 17 h (the task's own retries) after the last flag`,
        ];
  return [`the word covers ${sales}${what}`, ...rest];
}

async function consent(
  { output, place }: AttestingContext,
  word: Attestation,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true;
  const pixel = word.pixelId === null ? "" : ` to pixel ${word.pixelId}`;
  const words = `attest that nothing was sent${pixel} from ${iso(word.from)} to ${iso(word.to)} in ${place.database}`;
  if (!output.canAsk) {
    throw new KnownError({
      what: `${words}: this needs a yes`,
      why: "nobody can be asked here; nothing was put on record",
      next: "add --yes, or look first with --dry-run",
    });
  }
  const agreed = await output.confirm(`${words}?`);
  if (!agreed) output.say("nothing was put on record");
  return agreed;
}

function reportOf(
  word: Attestation,
  covered: readonly Foreseen[],
  now: Instant,
  run: string | null,
): Report<Foreseen> {
  const head = { version: JSON_VERSION, command: "attest", generatedAt: iso(now), run, dryRun: run === null };
  const { from, to, at, id, ...rest } = word;
  const attestation = { id: run === null ? null : id, ...rest, from: iso(from), to: iso(to), at: iso(at) };
  const sales = covered.map(({ judged, becomes, because }) => {
    return { id: judged.sale.id, verdict: judged.kind, becomes, because };
  });
  return {
    columns: [
      { title: "ID", value: ({ judged }) => String(judged.sale.id), align: "right" },
      { title: "Payment", value: ({ judged }) => judged.sale.paymentId, spare: 1 },
      { title: "Amount", value: ({ judged }) => judged.sale.amount, align: "right" },
      { title: "Verdict", value: ({ judged }) => judged.kind },
      { title: "Becomes", value: ({ becomes }) => becomes, tone: () => "strong" },
      { title: "Because", value: ({ because }) => because, flexible: true },
    ],
    rows: covered,
    document: () => ({ ...head, attestation, sales, totals: totalOf(covered) }),
    lines: function* () {
      for (const sale of sales) yield { sale };
      yield { ...head, attestation, totals: totalOf(covered) };
    },
  };
}
