import { openAttempt } from "./attempts.js";
import type { Evidence } from "./evidence.js";
import { livesAt } from "./live-task.js";
import type { Instant } from "./sale.js";
import { iso } from "./time.js";

/** The three columns that we ever write, as PostgreSQL prints them. */
export interface RowWas {
  readonly flagged: boolean;
  readonly flaggedAt: string | null;
  readonly metaEventId: string | null;
}

/** What one run made of one row, from its first entry about it to its last. */
export interface Change {
  readonly saleId: number;
  readonly was: RowWas;
  readonly wrote: RowWas;
  /** When it wrote that: an attempt that anybody made later is an attempt since. */
  readonly at: Instant;
  /** The event id that Meta had accepted when the run stored it; null where none was, or an operator's word alone said so. */
  readonly acceptedAs: string | null;
}

/** An entry of the journal, as far as it tells what became of the row. */
export interface Entry {
  readonly saleId: number;
  readonly command: string;
  readonly before: RowWas;
  /** Null flags where the run never settled it. */
  readonly after: { readonly flagged: boolean | null } & Pick<RowWas, "flaggedAt" | "metaEventId">;
  /** The flag time by which its request was claimed: our own, where the claim took the sale back. */
  readonly claimedAt: string | null;
  readonly effect: string | null;
  readonly answer: string | null;
  readonly eventId: string | null;
  readonly origin: string | null;
  readonly at: Instant;
}

const written: ReadonlySet<string | null> = new Set(["confirmed", "reverted", "restored"]);

/** The rows that a run changed. `entries` are those of the run, the oldest first. */
export function changesOf(entries: readonly Entry[]): Change[] {
  const changes = new Map<number, Change>();
  for (const entry of entries) {
    const wrote = wroteOf(entry);
    if (wrote === null) continue;
    const { saleId, at } = entry;
    const earlier = changes.get(saleId);
    const acceptedAs = acceptance(entry) ?? earlier?.acceptedAs ?? null;
    changes.set(saleId, { saleId, was: earlier?.was ?? entry.before, wrote, at, acceptedAs });
  }
  // Taken back and given back again within the run: nothing is left of that.
  return [...changes.values()].filter(({ was, wrote }) => !isSame(was, wrote));
}

function isSame(a: RowWas, b: RowWas): boolean {
  return a.flagged === b.flagged && a.flaggedAt === b.flaggedAt && a.metaEventId === b.metaEventId;
}

function wroteOf({ before, after, claimedAt, effect }: Entry): RowWas | null {
  if (written.has(effect) && after.flagged !== null) return { ...after, flagged: after.flagged };
  // A claim that takes a sale back sets the flag, whatever came of the request.
  return before.flagged ? null : { flagged: true, flaggedAt: claimedAt, metaEventId: null };
}

function acceptance({ answer, command, effect, eventId, origin }: Entry): string | null {
  const found = command === "confirm" && effect === "confirmed" && origin !== "attestation";
  return answer === "accepted" || found ? eventId : null;
}

/** Why a change is not undone although nobody touched the row since, and the flag that would allow it. */
export interface Hindrance {
  readonly because: string;
  readonly wouldAllow: "--even-accepted" | null;
}

/**
 * Undoing must neither have a sale counted twice nor hide one that was sent since. What Meta accepted keeps its id and
 * its flag; a sale that somebody may still be sending is not given back, and one that somebody tried to send since is
 * not flagged again: what that attempt came to decides.
 */
export function hindranceOf(
  { was, wrote, at, acceptedAs }: Change,
  evidence: Evidence,
  evenAccepted: boolean,
  now: Instant,
): Hindrance | null {
  const never = (because: string): Hindrance => ({ because, wouldAllow: null });
  const givesBack = wrote.flagged && !was.flagged;
  const open = givesBack ? openAttempt(evidence) : undefined;
  if (open) return never(`${open.because}: settle it first with resend`);
  const living = evidence.live.find((task) => livesAt(task, now));
  if (living && wrote.flagged !== was.flagged)
    return never(`its task is ${living.state} (${living.source}): what it comes to decides`);
  const loses = givesBack || (wrote.metaEventId !== null && was.metaEventId === null);
  const accepted = evidence.traces.find(({ result }) => result === "accepted");
  const eventId = acceptedAs ?? accepted?.eventId ?? wrote.metaEventId;
  if (loses && !evenAccepted && (acceptedAs !== null || accepted !== undefined)) {
    const because = `Meta has it as ${eventId}: given back as if it was never sent, it may count twice`;
    return { because, wouldAllow: "--even-accepted" };
  }
  const since = evidence.traces.find((trace) => trace.at >= at);
  if (!wrote.flagged && was.flagged && since)
    return never(`an attempt was made since (${since.source}, ${iso(since.at)}): it is not flagged again`);
  return null;
}
