import type { Answer, Blame } from "./outcome.js";
import type { Instant } from "./sale.js";

/** One attempt of ours, as far as it tells why its sale is not settled. */
export interface Tried {
  readonly run: string;
  readonly at: Instant;
  readonly answer: Answer | null;
  readonly blame: Blame | null;
  /** Its request held no other event. */
  readonly alone: boolean;
  /** In the same run the same pixel took another sale: it was well. */
  readonly pixelTook: boolean;
  /** In the same run others of the same pixel were refused by themselves, too. */
  readonly othersRefused: boolean;
  readonly because: string | null;
}

/** How often a sale was tried in vain. Repetitions within one run are one try. */
export interface Tries {
  /** Runs in which it seemed to be the sale's own fault: they make the pauses. */
  readonly count: number;
  /** Of these, the runs that clear pixel and network: they make the quarantine. */
  readonly certain: number;
  readonly lastAt: Instant | null;
  /** The last answer among them. */
  readonly because: string | null;
}

export const noTries: Tries = { count: 0, certain: 0, lastAt: null, because: null };

/**
 * Counts what was tried since the last release, the oldest first. An outage is nobody's fault: an answer that was lost
 * once says nothing of the sale that met it alone, and one that is lost again and again makes pauses, but no quarantine.
 */
export function triesOf(tried: readonly Tried[]): Tries {
  const doubtful = tried.filter((one) => isLostAlone(one) && !one.pixelTook);
  const first = doubtful[0]?.run;
  const counted = tried.filter(
    (one) => one.blame === "sale" || (isLostAlone(one) && (one.pixelTook || one.run !== first)),
  );
  const last = counted.at(-1);
  if (last === undefined) return noTries;
  const runs = (list: readonly Tried[]) => new Set(list.map(({ run }) => run)).size;
  return {
    count: runs(counted),
    certain: runs(counted.filter(isOwnFault)),
    lastAt: last.at,
    because: last.because,
  };
}

/** With others in the request, nothing tells who spoilt it: they are parted from run to run until it shows. */
function isLostAlone({ answer, alone }: Tried): boolean {
  return answer === "unconfirmed" && alone;
}

/**
 * A lost answer is the sale's own fault only where the same pixel was answered in the same run; a refusal, unless the
 * pixel took nothing at all and refused others as well.
 */
function isOwnFault({ blame, pixelTook, othersRefused }: Tried): boolean {
  return pixelTook || (blame === "sale" && !othersRefused);
}
