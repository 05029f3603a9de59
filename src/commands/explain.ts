import { explanationPage } from "../acting/explanation.js";
import { examine } from "../acting/survey.js";
import { noSaleBears } from "../acting/words.js";
import type { JournalEntry, JournalReader, ReadingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import { explained, explanationJson } from "../sales/explained.js";
import { JSON_VERSION } from "../sales/json.js";
import type { OurAttempt } from "../sales/story.js";
import { iso } from "../sales/time.js";

/** What `explain` is handed: it can read, and nothing else. */
export interface ExplainContext extends ReadingContext {
  readonly journal: Pick<JournalReader, "entries">;
}

/** The story of one sale, whatever its state: facts, cause, verdict and why, what is permitted. Changes nothing. */
export async function explain(ctx: ExplainContext, reference: string): Promise<ExitCode> {
  const found = await examine(ctx, reference);
  if (found === null) {
    throw new KnownError({
      what: noSaleBears([reference]),
      why: "neither as payments.id nor as payments.payment_id",
      next: "list the stuck ones: purchase-fix find-stuck --hours 168",
    });
  }
  const { judged, open, now, lack } = found;
  const filter = { sales: [String(judged.sale.id)], run: null, unsettledOnly: false, limit: null };
  const ours = ((await ctx.journal.entries(filter)) ?? []).filter(({ saleId }) => saleId === judged.sale.id);
  const { asked, policy, currency, again } = ctx;
  const explanation = explained(
    judged,
    open,
    { ours: ours.toReversed().map(attemptOf), asked, policy, again },
    now,
  );
  const head = { version: JSON_VERSION, command: "explain", generatedAt: iso(now) };
  await ctx.output.page({
    ...explanationPage(explanation, { currency, now, lack: lack?.what ?? null }),
    document: () => ({ ...head, ...explanationJson(explanation, currency) }),
  });
  return exitCode.ok;
}

function attemptOf({ attemptedAt, run, command, answer, effect, because }: JournalEntry): OurAttempt {
  return { at: attemptedAt, run, command, answer, effect, because };
}
