import type { Consent } from "./consent.js";
import type { Instant } from "./sale.js";
import type { Judged } from "./verdict.js";

/** The answer of one cell: allowed (and how long), or not, with what would allow it. */
export type Permission =
  | { readonly allowed: true; readonly mayDouble: boolean; readonly onlyWhileFolded: boolean }
  | { readonly allowed: false; readonly because: string; readonly wouldAllow: string | null };

/** A cell of the table. `says` is what docs/verdicts.md prints. */
export interface Rule {
  readonly says: string;
  readonly decide: (judged: Judged, consent: Consent, now: Instant) => Permission;
}

export const yes: Permission = { allowed: true, mayDouble: false, onlyWhileFolded: false };
export const no = (because: string, wouldAllow: string | null = null): Permission => ({
  allowed: false,
  because,
  wouldAllow,
});

export const always: Rule = { says: "yes", decide: () => yes };
export const never = (because: string): Rule => ({ says: "no", decide: () => no(because) });
