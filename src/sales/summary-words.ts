import { compareAmounts, showAmount } from "./money.js";
import type { Sum } from "./outcome.js";
import type { RunSummary } from "./summary.js";
import { age, iso } from "./time.js";
import { troubleLine, type Trouble } from "./trouble.js";

/** Reaches past all that Meta still accepts, so that nothing that a summary counts is missing from the list. */
export const NEXT = "purchase-fix find-stuck --hours 168";

/** A receiver that takes 10 kB cuts what is longer, and may cut it inside a character. */
const LONGEST_BODY = 10_000;

const done = ["confirmed", "resent", "reverted", "refused", "unconfirmed", "unreached"] as const;

/** `--quiet` says nothing of such a run: all is well and nothing changed, or another run is at it. */
export function isUneventful(summary: RunSummary): boolean {
  return summary.exitCode === 75 || (summary.exitCode === 0 && did(summary) === "");
}

/** What a run did and left, in the one line that cron mails. */
export function summaryLine(summary: RunSummary): string {
  const { command, problem, needsPerson, exitCode } = summary;
  const parts = [did(summary) || (hasLooked(summary) ? "nothing to do" : "nothing done")];
  if (problem !== null) parts.unshift(problem);
  if (exitCode === 130 || exitCode === 143) parts.unshift("interrupted");
  if (needsPerson.count > 0) parts.push(`${needs(summary)}: ${NEXT}`);
  return `${command}: ${parts.join("; ")}`;
}

/** Only such a run knows its backlog; of any other an empty one says nothing. */
export function hasLooked({ exitCode }: Pick<RunSummary, "exitCode">): boolean {
  return exitCode === 0 || exitCode === 1;
}

/** All of it as plain text, for who looks a ping up: at most 10 kB. No sale is named, and of a pixel its last four digits. */
export function summaryBody(summary: RunSummary, troubles: readonly Trouble[] = []): string {
  const { run, startedAt, endedAt, exitCode, lastSuccessAt, currency } = summary;
  const lines = [
    summaryLine(summary),
    "",
    `exit code ${exitCode}, run ${run ?? "none"}`,
    `from ${iso(startedAt)} to ${iso(endedAt)} (${age(Math.max(0, endedAt - startedAt))})`,
    `last success: ${lastSuccessAt === null ? "none on record" : iso(lastSuccessAt)}`,
    ...troubles.map((trouble) => `trouble: ${troubleLine(trouble)}`),
    ...(hasLooked(summary)
      ? leftLines(summary)
      : ["what is left is not known: the run did not end by itself"]),
    ...(hasLooked(summary) ? backlogLines(summary, currency) : []),
  ];
  return cutBytes(`${lines.join("\n")}\n`, LONGEST_BODY);
}

function leftLines(summary: RunSummary): string[] {
  const named = [
    ["needs a person", summary.needsPerson],
    ["expires within 24 h", summary.expiringWithin24h],
    ["expired", summary.expired],
    ["of these since the last success", summary.expiredSinceLast],
    ["quarantined", summary.quarantined],
    ["acknowledged", summary.acknowledged],
  ] as const;
  return named
    .filter(([, sum]) => sum.count > 0)
    .map(([name, sum]) => `${name}: ${counted(sum, summary.currency)}`);
}

function backlogLines({ backlog }: RunSummary, currency: string): string[] {
  const parts = backlog.toSorted((a, b) => compareAmounts(b.amount, a.amount));
  return parts.map((part) => {
    const { verdict, obstacle, pixelId } = part;
    const kind = obstacle === "none" ? verdict : `${verdict}, ${obstacle}`;
    const pixel = pixelId === null ? "no pixel" : `pixel …${pixelId.slice(-4)}`;
    return `left: ${counted(part, currency)}, ${kind}, ${pixel}`;
  });
}

/** `3 confirmed (BRL 291.00), 2 resent (BRL 194.00)`; empty where nothing was done. */
export function did(summary: RunSummary): string {
  return done
    .filter((name) => summary[name].count > 0)
    .map((name) => `${summary[name].count} ${name} (${showAmount(summary[name].amount, summary.currency)})`)
    .join(", ");
}

/** `1 needs a person (BRL 97.00)`. */
export function needs({ needsPerson, currency }: RunSummary): string {
  const { count, amount } = needsPerson;
  return `${count} ${count === 1 ? "needs" : "need"} a person (${showAmount(amount, currency)})`;
}

/** `3 sales (BRL 291.00)`. */
export function counted({ count, amount }: Sum, currency: string): string {
  return `${count} ${count === 1 ? "sale" : "sales"} (${showAmount(amount, currency)})`;
}

/** UTF-8 bytes of a code point, without a library: this part of the house has none. */
function bytesOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

function cutBytes(text: string, most: number): string {
  let bytes = 0;
  let kept = "";
  for (const character of text) {
    bytes += bytesOf(character);
    // Three bytes for the ellipsis.
    if (bytes > most - 3) return `${kept}…`;
    kept += character;
  }
  return kept;
}
