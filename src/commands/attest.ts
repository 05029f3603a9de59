import { attest as give } from "../acting/attest.js";
import type { AttestOptions } from "../acting/attest.js";
import { underLease } from "../acting/run.js";
import type { AttestingContext, Column } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Word } from "../ports.js";
import { JSON_VERSION } from "../sales/json.js";
import { iso } from "../sales/time.js";

/** Takes an operator's word that nothing was sent in a span, as evidence. Changes no sale. */
export function attest(ctx: AttestingContext, options: AttestOptions): Promise<ExitCode> {
  return give(ctx, options);
}

/** Takes a word back: it is evidence no longer, and stays on record. */
export async function withdraw(
  ctx: AttestingContext,
  options: { readonly id: number; readonly reason: string; readonly waitMs: number },
): Promise<ExitCode> {
  const { id, reason } = options;
  const { output, record, attestations } = ctx;
  await ctx.runs.prepare(2);
  const before = (await attestations.list()).find((word) => word.id === id);
  if (before === undefined) throw notThere(id);
  if (before.withdrawn !== null) throw gone(before);
  const wait = { record, waitMs: options.waitMs, stop: ctx.signals.stop, waiting: () => undefined };
  const by = `${record.user}@${record.host}`;
  const word = await underLease(ctx, wait, async (lease) => ({
    result: await attestations.withdraw(lease, id, by, reason),
    summary: { withdrawn: id },
  }));
  if (word === null) throw notThere(id);
  output.say(`run ${record.id}: attestation ${id} is withdrawn; sales are judged without it from now on`);
  return exitCode.ok;
}

/** Lists all words, the withdrawn ones too. */
export async function listWords(
  ctx: Pick<AttestingContext, "output" | "attestations" | "clock">,
): Promise<ExitCode> {
  const words = await ctx.attestations.list();
  const head = { version: JSON_VERSION, command: "attest", generatedAt: iso(ctx.clock.now()) };
  await ctx.output.report({
    columns,
    rows: words,
    document: () => ({ ...head, attestations: words.map(wordJson) }),
    lines: function* () {
      for (const word of words) yield wordJson(word);
      yield { ...head, totals: { count: words.length } };
    },
  });
  const holding = words.filter(({ withdrawn }) => withdrawn === null).length;
  ctx.output.say(
    words.length === 0
      ? "nobody has attested anything"
      : `${words.length} attestation${words.length === 1 ? "" : "s"}, ${holding} in force`,
  );
  return exitCode.ok;
}

function notThere(id: number): KnownError {
  return new KnownError({
    what: `There is no attestation ${id}`,
    next: "purchase-fix attest --list shows them",
  });
}

function gone({ id, withdrawn }: Word): KnownError {
  return new KnownError({
    what: `Attestation ${id} was withdrawn before`,
    why: withdrawn ? `by ${withdrawn.by}, ${iso(withdrawn.at)}: ${withdrawn.because}` : undefined,
  });
}

const minute = (at: number) => `${iso(at).slice(0, 16).replace("T", " ")}Z`;

const columns: Column<Word>[] = [
  { title: "No", value: ({ id }) => String(id), align: "right" },
  { title: "From", value: ({ from }) => iso(from), shown: ({ from }) => minute(from) },
  { title: "To", value: ({ to }) => iso(to), shown: ({ to }) => minute(to) },
  { title: "Pixel", value: ({ pixelId }) => pixelId, spare: 2 },
  { title: "Reason", value: ({ reason }) => reason, flexible: true },
  { title: "By", value: ({ by }) => by, spare: 1 },
  { title: "At", value: ({ at }) => iso(at), shown: ({ at }) => minute(at), spare: 3 },
  { title: "Run", value: ({ run }) => run, spare: 4 },
  {
    title: "Withdrawn",
    value: ({ withdrawn }) =>
      withdrawn === null ? null : `${iso(withdrawn.at)} by ${withdrawn.by}: ${withdrawn.because}`,
    tone: () => "warn",
    flexible: true,
  },
];

function wordJson({ from, to, at, withdrawn, ...word }: Word) {
  return {
    ...word,
    from: iso(from),
    to: iso(to),
    at: iso(at),
    withdrawn: withdrawn === null ? null : { ...withdrawn, at: iso(withdrawn.at) },
  };
}
