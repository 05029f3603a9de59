import type { Column, JournalEntry, JournalFilter, JournalReader, Output } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import { JSON_VERSION } from "../sales/json.js";
import { iso } from "../sales/time.js";

export interface JournalOptions extends JournalFilter {
  readonly sql: boolean;
}

/** Lists what was attempted, by whom, and how it ended; or prints the update that undoes a run. Changes nothing. */
export async function journal(
  ctx: { readonly output: Output; readonly journal: JournalReader; readonly now: () => number },
  options: JournalOptions,
): Promise<ExitCode> {
  if (options.sql) return await printInverse(ctx, options.run);
  const entries = await ctx.journal.entries(options);
  const list = entries ?? [];
  const head = { version: JSON_VERSION, command: "journal", generatedAt: iso(ctx.now()) };
  await ctx.output.report({
    columns,
    rows: list,
    document: () => ({ ...head, attempts: list.map(entryJson) }),
    lines: function* () {
      for (const entry of list) yield entryJson(entry);
      yield { ...head, totals: { count: list.length } };
    },
  });
  if (entries === null)
    ctx.output.say("no journal in this database yet: nothing has been changed by purchase-fix");
  else
    ctx.output.say(
      `${list.length} attempt${list.length === 1 ? "" : "s"}${options.limit === list.length ? ` (the newest; --limit shows more)` : ""}`,
    );
  return exitCode.ok;
}

async function printInverse(
  ctx: { readonly output: Output; readonly journal: JournalReader },
  run: string | null,
): Promise<ExitCode> {
  if (run === null)
    throw new KnownError({
      what: "--sql needs the run to undo",
      next: "add --run ID; purchase-fix journal lists them",
    });
  const statement = await ctx.journal.inverse(run);
  if (statement === null) {
    throw new KnownError({
      what: `Run ${run} changed no row (or is not in this journal)`,
      next: "purchase-fix journal lists the runs",
    });
  }
  await ctx.output.data(statement);
  return exitCode.ok;
}

const columns: Column<JournalEntry>[] = [
  {
    title: "Attempted at",
    value: ({ attemptedAt }) => iso(attemptedAt),
    shown: ({ attemptedAt }) => `${iso(attemptedAt).slice(5, 19).replace("T", " ")}Z`,
  },
  { title: "Run", value: ({ run }) => run },
  { title: "Command", value: ({ command }) => command, spare: 3 },
  { title: "Sale", value: ({ saleId }) => String(saleId), align: "right" },
  { title: "Payment", value: ({ paymentId }) => paymentId, spare: 2 },
  { title: "Event ID", value: ({ eventId }) => eventId, flexible: true, spare: 0 },
  { title: "Pixel", value: ({ pixelId }) => pixelId, spare: 5 },
  {
    title: "Answer",
    value: ({ answer }) => answer,
    tone: ({ answer }) => (answer === "accepted" ? "good" : "warn"),
  },
  { title: "Effect", value: ({ effect, settledAt }) => effect ?? (settledAt === null ? "unsettled" : null) },
  {
    title: "Code",
    value: ({ code, subcode }) =>
      code === null ? null : [code, subcode].filter((part) => part !== null).join("/"),
    spare: 1,
  },
  { title: "Trace", value: ({ fbtraceId }) => fbtraceId, spare: 6 },
  { title: "By", value: ({ user, host }) => `${user}@${host}`, spare: 4 },
  { title: "Because", value: ({ because }) => because, flexible: true },
];

function entryJson({ attemptedAt, settledAt, ...entry }: JournalEntry) {
  return { ...entry, attemptedAt: iso(attemptedAt), settledAt: settledAt === null ? null : iso(settledAt) };
}
