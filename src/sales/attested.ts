import type { Evidence, Fact, Trace } from "./evidence.js";
import { TASK_RETRIES } from "./folding.js";
import type { Instant, Sale } from "./sale.js";
import { DAY, MINUTE, paidMoment } from "./sale.js";
import { iso } from "./time.js";

/** An operator's word that nothing was sent in a span: the token was invalid, or workers and queue were gone. */
export interface Attestation {
  readonly id: number;
  readonly from: Instant;
  readonly to: Instant;
  /** Only of this pixel; null of all. */
  readonly pixelId: string | null;
  readonly reason: string;
  /** Who gave it, as `ana@web-1`. */
  readonly by: string;
  readonly at: Instant;
}

/** What attestations say about one sale. */
export interface Attested {
  readonly traces: readonly Trace[];
  readonly facts: readonly Fact[];
  /** The span covers every attempt that can have been made. */
  readonly complete: boolean;
}

/**
 * A word covers a sale when its span holds everything from the payment until the last attempt and the retries that may
 * have followed it (none, where no task is proven to live). It never outweighs evidence of an attempt: whoever was seen
 * sending keeps the sale from being lost.
 */
export function attestedOf(
  sale: Sale,
  evidence: Pick<Evidence, "flagTimes" | "noTaskLives">,
  words: readonly Attestation[],
): Attested {
  const paid = paidMoment(sale);
  const pixels = new Set((sale.pools ?? []).map(({ pixelId }) => pixelId));
  const about = words.filter(({ pixelId }) => pixelId === null || (pixels.size === 1 && pixels.has(pixelId)));
  if (paid === null || about.length === 0) return { traces: [], facts: [], complete: false };
  const last = lastFlag(sale, evidence.flagTimes, paid);
  const end = last + (evidence.noTaskLives ? 0 : TASK_RETRIES);
  const covering = about.filter(({ from, to }) => from <= paid && to >= end);
  const touching = about.filter(({ from, to }) => from <= last && to >= paid);
  return {
    traces: covering.map(({ reason, by, pixelId }) => ({
      source: "attestation",
      by: "application",
      // The first that can have been made: copies of the page's own pixel are folded from there on.
      at: paid,
      pixelId,
      eventId: null,
      result: "not-sent",
      unsettled: false,
      because: `${by} attests that nothing was sent: ${reason}`,
    })),
    facts: touching.map(({ at, from, to, reason, by }) => ({
      at,
      source: "attestation",
      text: `${by} attests that nothing was sent from ${iso(from)} to ${iso(to)}: ${reason}`,
      where: null,
    })),
    complete: covering.length > 0,
  };
}

/** When the application last set the flag, and sent. A flag without a time is as young as its row; else nothing bounds it. */
function lastFlag(sale: Sale, earlier: readonly Instant[], paid: Instant): Instant {
  const flag = sale.flagged ? (sale.flaggedAt ?? sale.updatedAt ?? Infinity) : paid;
  return Math.max(paid, flag, ...earlier);
}

/** The longest span that one word is good for: Meta takes no event older than seven days, and folds for two more. */
const LONGEST = 14 * DAY;

/** What is wrong with a span that somebody wants to attest; null where nothing is. */
export function faultOfSpan(from: Instant, to: Instant, now: Instant): string | null {
  if (from >= to) return `--to (${iso(to)}) is not after --from (${iso(from)})`;
  if (to > now + MINUTE) return `--to (${iso(to)}) lies in the future: nobody can attest that`;
  if (to - from > LONGEST) return "the span is longer than 14 days";
  return null;
}
