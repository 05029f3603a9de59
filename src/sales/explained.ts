import type { Asked } from "./causes.js";
import { causeOf, causeTable, whatWouldTell } from "./causes.js";
import { contradictionsOf } from "./contradictions.js";
import type { Cause } from "./evidence.js";
import { saleJson } from "./json.js";
import { needsPerson } from "./obstacle.js";
import type { Offer } from "./offers.js";
import { offersOf } from "./offers.js";
import type { Step } from "./reasoning.js";
import { ruleNumber, stepsOf } from "./reasoning.js";
import type { Instant } from "./sale.js";
import type { OurAttempt, StoryLine } from "./story.js";
import { storyOf } from "./story.js";
import { iso } from "./time.js";
import type { Judged, Policy } from "./verdict.js";

/** A sale's story with all that follows from it. */
export interface Explanation {
  readonly judged: Judged;
  /** Stuck, or reverted and not sent since: only then do verdict, rules and offers mean anything. */
  readonly open: boolean;
  readonly steps: readonly Step[];
  readonly contradictions: readonly string[];
  readonly cause: Cause | null;
  /** Where the cause is unknown: the evidence that would tell it. */
  readonly wouldTell: readonly string[];
  readonly story: readonly StoryLine[];
  readonly offers: readonly Offer[];
  /** Why a person must look at it, or null. */
  readonly person: string | null;
}

export function explained(
  judged: Judged,
  open: boolean,
  of: {
    readonly ours: readonly OurAttempt[];
    readonly asked: Asked;
    readonly policy: Policy;
    readonly again: string;
  },
  now: Instant,
): Explanation {
  const { sale, evidence } = judged;
  const cause = causeOf(evidence);
  return {
    judged,
    open,
    steps: open ? stepsOf(judged, of.asked) : [],
    contradictions: open ? contradictionsOf(judged) : [],
    cause,
    wouldTell: open && cause === null ? whatWouldTell(of.asked) : [],
    story: storyOf(sale, evidence, of.ours),
    offers: open ? offersOf(judged, of.policy, now).map((offer) => typed(offer, of.again)) : [],
    person: open ? needsPerson(judged, now) : null,
  };
}

/** The command as it is to be typed: with what decided how the sale was judged here. */
function typed(offer: Offer, again: string): Offer {
  return offer.command === null ? offer : { ...offer, command: `${offer.command}${again}` };
}

/** What a sale of any status is, in one word. */
export function stateOf({ judged: { sale }, open }: Pick<Explanation, "judged" | "open">): string {
  if (open && sale.metaEventId === null) return sale.flagged ? "stuck" : "reverted";
  if (sale.status !== "paid") return "not paid";
  return sale.metaEventId === null ? "not flagged" : "confirmed";
}

/** The document of `explain`, without its head. Fields are pinned by a test. */
export function explanationJson(explanation: Explanation, currency: string) {
  const { judged, open, cause, story, person } = explanation;
  const { sale, evidence, identity, foldedUntil, expiresAt } = judged;
  const { verdict, obstacle, restraint, because, ...rest } = saleJson(judged, currency);
  return {
    sale: {
      ...rest,
      state: stateOf(explanation),
      status: sale.status,
      metaEventId: sale.metaEventId,
      verdict: open ? verdict : null,
      obstacle: open ? obstacle : null,
      restraint: open ? restraint : null,
      because: open ? because : null,
      eventIdKnowledge: identity.knowledge,
      foldedUntil: time(foldedUntil),
      expiresAt: time(expiresAt),
      needsPerson: person !== null,
    },
    tries: {
      count: evidence.tries.count,
      lastAt: time(evidence.tries.lastAt),
      because: evidence.tries.because,
    },
    rule: open ? ruleNumber(judged) : null,
    rules: explanation.steps.map(({ question, answer, because: why }) => ({
      question,
      answer,
      because: why,
    })),
    contradictions: explanation.contradictions,
    cause: cause === null ? null : { name: cause, ...causeTable[cause] },
    wouldTell: explanation.wouldTell,
    workers: evidence.workers,
    story: story.map(({ at, until, ...line }) => ({ at: time(at), ...line, until: time(until) })),
    permitted: explanation.offers,
  };
}

function time(instant: Instant | null): string | null {
  return instant === null ? null : iso(instant);
}
