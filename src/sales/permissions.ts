import { proofOfDelivery } from "./click.js";
import type { Consent } from "./consent.js";
import type { ObstacleKind } from "./obstacle.js";
import type { RestraintKind } from "./restraint.js";
import type { Permission, Rule } from "./rule.js";
import { always, never, no, yes } from "./rule.js";
import type { Instant } from "./sale.js";
import type { Judged, VerdictKind } from "./verdict.js";

export { noConsent } from "./consent.js";
export type { Consent } from "./consent.js";
export type { Permission, Rule } from "./rule.js";

/** What can be done about a sale. */
export const actions = ["confirm", "resend", "revert"] as const;
export type Action = (typeof actions)[number];

const whenNamed: Rule = {
  says: "when named",
  decide: (judged, consent) => (consent.named ? yes : no(judged.obstacle.because, `--id ${judged.sale.id}`)),
};

const acceptDuplicate: Rule = {
  says: "`--accept-duplicate`",
  decide: (judged, consent) =>
    consent.acceptDuplicate
      ? { allowed: true, mayDouble: true, onlyWhileFolded: false }
      : no(`${judged.because}: it may count twice`, "--accept-duplicate"),
};

const stillFolded = ({ foldedUntil }: Judged, now: Instant) => foldedUntil !== null && now < foldedUntil;
const folding: Permission = { allowed: true, mayDouble: false, onlyWhileFolded: true };

const whileFolded: Rule = {
  says: "same pixel and id, under 47 h",
  decide: (judged, consent, now) => {
    if (judged.foldedUntil === null) return yes; // proof of loss: nothing to be folded into
    return stillFolded(judged, now) ? folding : acceptDuplicate.decide(judged, consent, now);
  },
};

const whileFoldedElseDuplicate: Rule = {
  ...whileFolded,
  says: `${whileFolded.says}; then ${acceptDuplicate.says}`,
};

const namedWhileFolded: Rule = {
  says: "when named, same pixel and id, under 47 h",
  decide: (judged, consent, now) => {
    if (!stillFolded(judged, now)) return no(`${judged.because}: a copy beside its task would count twice`);
    return consent.named ? folding : no(`${judged.because}: left to it`, `--id ${judged.sale.id}`);
  },
};

const withoutProof: Rule = {
  says: "when named, or `--without-proof`",
  decide: (judged, consent) =>
    consent.named || consent.withoutProof
      ? yes
      : no(
          `${judged.because}: the application would send it again, at a moment nobody can bound`,
          "--without-proof",
        ),
};

const evenAccepted: Rule = {
  says: "`--even-accepted`",
  decide: (judged, consent) =>
    consent.evenAccepted
      ? yes
      : no(`${judged.because}: the application would send it again`, "--even-accepted"),
};

/** Its acceptance may stand in a log or a task's result, under whatever id. */
const withEvidence: Rule = {
  says: "with evidence",
  decide: ({ sale, evidence }) => (proofOfDelivery(sale, evidence) ? yes : no(notSettled)),
};

const notSettled = "no acceptance is on record: there is no event id to confirm";
const settleFirst = "our own attempt has no answer yet: settle it first with resend";
const left = "its own task may still send it";
const browserRule = "yes (browser rule)";

/** Verdict × action. The first of the three permission tables; a test walks every cell. */
export const byVerdict: Readonly<Record<VerdictKind, Readonly<Record<Action, Rule>>>> = {
  unsettled: { confirm: withEvidence, resend: whileFoldedElseDuplicate, revert: never(settleFirst) },
  delivered: { confirm: always, resend: never("Meta has it already: use confirm"), revert: evenAccepted },
  folded: {
    confirm: never(
      "Meta counted its event id for another sale: stored here, it would hide that this one was never counted",
    ),
    resend: always,
    revert: never("resend it: the application would send the same id again"),
  },
  "in-flight": { confirm: never(notSettled), resend: namedWhileFolded, revert: never(left) },
  lost: {
    confirm: never(notSettled),
    resend: { ...whileFolded, says: browserRule },
    revert: {
      says: browserRule,
      // What the browser's pixel may have sent is folded for 47 h, and nobody can bound the next visit.
      decide: (judged, consent, now) =>
        (judged.foldedUntil === null ? always : withoutProof).decide(judged, consent, now),
    },
  },
  ambiguous: { confirm: never(notSettled), resend: whileFolded, revert: withoutProof },
  untraceable: { confirm: never(notSettled), resend: acceptDuplicate, revert: withoutProof },
};

const impossible = (): Rule => ({ says: "no", decide: (judged) => no(judged.obstacle.because) });

/** Obstacle × action. */
export const byObstacle: Readonly<Record<ObstacleKind, Readonly<Record<Action, Rule>>>> = {
  none: { confirm: always, resend: always, revert: always },
  waiting: { confirm: always, resend: whenNamed, revert: whenNamed },
  expired: { confirm: always, resend: impossible(), revert: whenNamed },
  unsendable: { confirm: always, resend: impossible(), revert: always },
};

const namedAll: Rule = {
  says: "when named",
  decide: (judged, consent) => (consent.named ? yes : no(judged.restraint.because, `--id ${judged.sale.id}`)),
};

/** Restraint × action: for windows. All three tables must allow. */
export const byRestraint: Readonly<Record<RestraintKind, Readonly<Record<Action, Rule>>>> = {
  none: { confirm: always, resend: always, revert: always },
  paused: { confirm: always, resend: namedAll, revert: always },
  quarantined: { confirm: always, resend: namedAll, revert: namedAll },
  acknowledged: { confirm: always, resend: namedAll, revert: namedAll },
};

/** The tables together: what is allowed, and whether it may count twice. */
export function permits(action: Action, judged: Judged, consent: Consent, now: Instant): Permission {
  const restraint = byRestraint[judged.restraint.kind][action].decide(judged, consent, now);
  // Whoever let it rest knows the verdict.
  if (judged.restraint.kind === "acknowledged" && !restraint.allowed) return restraint;
  const obstacle = byObstacle[judged.obstacle.kind][action].decide(judged, consent, now);
  const verdict = byVerdict[judged.kind][action].decide(judged, consent, now);
  if (!verdict.allowed) return verdict.wouldAllow === null || obstacle.allowed ? verdict : obstacle;
  if (!obstacle.allowed) return obstacle;
  return restraint.allowed ? verdict : restraint;
}
