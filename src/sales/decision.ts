import { mayHaveBeenSent } from "./click.js";
import { waited } from "./obstacle.js";
import type { Action, Consent, Permission } from "./permissions.js";
import { noConsent, permits } from "./permissions.js";
import type { Instant } from "./sale.js";
import type { Judged, Policy } from "./verdict.js";

type Patience = Pick<Policy, "retryHorizon">;

/** The permission tables, and the four rules that depend on more than verdict and obstacle. */
export function decide(
  action: Action,
  judged: Judged,
  consent: Consent,
  { retryHorizon }: Patience,
  now: Instant,
): Permission {
  const { sale, evidence } = judged;
  if (action === "revert" && !sale.flagged) {
    return { allowed: false, because: "it was given back to the application already", wouldAllow: null };
  }
  const permission = permits(action, judged, consent, now);
  if (!permission.allowed || consent.named) return permission;
  const wouldAllow = `--id ${sale.id}`;
  if (action === "revert" && evidence.workers !== null && !consent.ignoreWorkers) {
    const because = `the workers are not well, and may run its task after a restart (${evidence.workers})`;
    return { allowed: false, because, wouldAllow: "--ignore-workers" };
  }
  const sibling = evidence.siblings.find((one) => mayHaveBeenSent(one, sale.pageviewEventId));
  if (action === "revert" && sibling !== undefined) {
    const because = `it shares its click with sale ${sibling.id}: the application would send the same event id, which Meta counts once`;
    return { allowed: false, because, wouldAllow };
  }
  if (action === "revert" && !waited(sale, evidence, retryHorizon, now)) {
    const because = "its own task may retry for 17 h yet, and would then send it too";
    return { allowed: false, because, wouldAllow };
  }
  if (action === "resend" && evidence.refused !== null) {
    const because = `Meta refused it (${evidence.refused}): mend it, then name it`;
    return { allowed: false, because, wouldAllow };
  }
  return permission;
}

/** Whatever may have arrived by another attempt of ours is never given back to the application. */
export function revertsOnRefusal(
  judged: Judged,
  wishes: { readonly revertRefused: boolean },
  policy: Patience,
  now: Instant,
): boolean {
  if (judged.kind === "unsettled") return false;
  return wishes.revertRefused || decide("revert", judged, noConsent, policy, now).allowed;
}

const flags: readonly (readonly [string, Partial<Consent>])[] = [
  ["--accept-duplicate", { acceptDuplicate: true }],
  ["--without-proof", { withoutProof: true }],
  ["--even-accepted", { evenAccepted: true }],
  ["--ignore-workers", { ignoreWorkers: true }],
];

/** The least that the operator would have to add to what was said: a flag, the naming, or both. Null where nothing helps. */
export function remedy(
  action: Action,
  judged: Judged,
  consent: Consent,
  policy: Patience,
  now: Instant,
): string | null {
  const name = `--id ${judged.sale.id}`;
  const offers: typeof flags = [
    ...flags,
    [name, { named: true }],
    ...flags.map(([flag, more]) => [`${name} ${flag}`, { ...more, named: true }] as const),
  ];
  const allows = (more: Partial<Consent>) =>
    decide(action, judged, { ...consent, ...more }, policy, now).allowed;
  return offers.find(([, more]) => allows(more))?.[0] ?? null;
}
