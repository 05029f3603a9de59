import { proofOfDelivery } from "./click.js";
import type { Trace } from "./evidence.js";
import type { Left, Plan, Planned } from "./plan.js";
import type { Action } from "./permissions.js";
import { needsPerson } from "./obstacle.js";
import type { Instant } from "./sale.js";
import { paidMoment } from "./sale.js";
import type { Judged, Policy } from "./verdict.js";
import { judge } from "./verdict.js";

/** An operator's word that Meta has a sale, and under which event id: seen in the Events Manager, say. */
export interface ProofByWord {
  readonly eventId: string;
  readonly reason: string;
  /** Who gave it, as `ana@web-1`. */
  readonly by: string;
  /** Sales that are stored under that id already. */
  readonly bearers: readonly { readonly id: number; readonly pageviewEventId: string | null }[];
}

/**
 * The plan of `confirm --event-id`: the word counts as an acceptance on record, and is taken unless what is known speaks
 * against it. The operator knows more than the tables here, so that these are not asked.
 */
export function planByWord(
  word: ProofByWord,
  policy: Policy,
): (action: Action, sales: readonly Judged[], wishes: unknown, patience: unknown, now: Instant) => Plan {
  return (action, sales, _wishes, _patience, now) => {
    const act: Planned[] = [];
    const left: Left[] = [];
    for (const judged of sales) {
      const told = judgedByWord(judged, word, policy, now);
      const because = against(judged, told, word);
      if (because === null)
        act.push({ action, judged: told, before: Infinity, mayDouble: false, revertIfRefused: false });
      else left.push({ judged, because, wouldAllow: null, person: needsPerson(judged, now) });
    }
    return { action, act, left, allowed: act.length };
  };
}

function judgedByWord(judged: Judged, word: ProofByWord, policy: Policy, now: Instant): Judged {
  const { sale, evidence, identity, obstacle } = judged;
  const trace: Trace = {
    source: "attestation",
    by: "application",
    // When Meta had it nobody knows; folding into a sibling is judged by when the flag says that it was sent.
    at: sale.flaggedAt ?? paidMoment(sale) ?? now,
    pixelId: identity.pixelId,
    eventId: word.eventId,
    result: "accepted",
    unsettled: false,
    because: `${word.by} attests that Meta has it: ${word.reason}`,
  };
  const found = { ...evidence, traces: [...evidence.traces, trace] };
  return { ...judge(sale, found, { fault: null }, policy, now), obstacle };
}

/** Why the word is not taken; null where it is. */
function against(before: Judged, told: Judged, { eventId, bearers }: ProofByWord): string | null {
  const { sale, evidence, kind, because } = before;
  if (kind === "folded") return because;
  const proof = proofOfDelivery(sale, evidence);
  if (proof?.eventId && proof.eventId !== eventId)
    return `Meta's acceptance of ${proof.eventId} is on record: confirm it without --event-id`;
  const other = bearers.find(
    ({ id, pageviewEventId: click }) => id !== sale.id && (click === null || click !== sale.pageviewEventId),
  );
  if (other) return `sale ${other.id}, of another click, is stored under that event id`;
  return told.kind === "folded" ? told.because : null;
}
