import type { Outcome, Sum } from "./outcome.js";
import { total } from "./outcome.js";
import type { Left, Planned } from "./plan.js";
import type { Instant } from "./sale.js";
import { DAY } from "./sale.js";
import type { BacklogPart, RunSummary } from "./summary.js";
import type { Judged } from "./verdict.js";

/** All that a summary is made of. A run that failed has looked at nothing, or at all and done a part. */
export interface Ending extends Pick<
  RunSummary,
  "command" | "run" | "startedAt" | "endedAt" | "exitCode" | "currency" | "problem"
> {
  readonly judged: readonly Judged[];
  readonly outcomes: readonly Outcome[];
  readonly unreached: readonly Pick<Planned, "judged">[];
  readonly left: readonly Left[];
  /** When the last successful run began, before this one. */
  readonly last: Instant | null;
  /** This run itself looked at its whole window and came to its end. */
  readonly succeeded: boolean;
}

/** What a run found, did and left, in figures. */
export function summarize(ending: Ending): RunSummary {
  const { judged, outcomes, unreached, left, last, succeeded, startedAt, ...head } = ending;
  const ended = new Map(outcomes.map((outcome) => [outcome.judged.sale.id, outcome]));
  const open = judged.filter(({ sale }) => ended.get(sale.id)?.effect !== "confirmed");
  const of = (holds: (outcome: Outcome) => boolean) => sum(outcomes.filter(holds));
  const among = (holds: (judged: Judged) => boolean) => total(open.filter(holds).map(({ sale }) => sale));
  const isExpired = ({ obstacle }: Judged) => obstacle.kind === "expired";
  return {
    ...head,
    startedAt,
    endedAt: Math.max(startedAt, head.endedAt), // A clock may be set back meanwhile.
    confirmed: of(({ answer, effect }) => answer === null && effect === "confirmed"),
    resent: of(({ answer }) => answer === "accepted"),
    reverted: of(({ effect }) => effect === "reverted"),
    refused: of(({ answer }) => answer === "refused"),
    unconfirmed: of(({ answer }) => answer === "unconfirmed"),
    unreached: sum(unreached),
    backlog: backlogOf(open, ended),
    expiringWithin24h: among(({ expiresAt }) => isSoon(expiresAt, startedAt)),
    expired: among(isExpired),
    expiredSinceLast: among((one) => isExpired(one) && last !== null && (one.expiresAt ?? -Infinity) > last),
    needsPerson: sum([...left.filter(({ person }) => person !== null), ...outcomes.filter(isForPerson)]),
    quarantined: among(({ restraint }) => restraint.kind === "quarantined"),
    acknowledged: among(({ restraint }) => restraint.kind === "acknowledged"),
    lastSuccessAt: succeeded ? startedAt : last,
  };
}

function sum(items: readonly Pick<Planned, "judged">[]): Sum {
  return total(items.map(({ judged }) => judged.sale));
}

const isSoon = (limit: Instant | null, now: Instant) => limit !== null && limit > now && limit - now < DAY;

/** What no later run mends by itself: Meta's refusal of this very sale, and an acceptance that found its row changed. */
function isForPerson({ answer, effect }: Outcome): boolean {
  return (answer === "refused" && effect === "kept") || (answer === "accepted" && effect === "overtaken");
}

function backlogOf(open: readonly Judged[], ended: ReadonlyMap<number, Outcome>): BacklogPart[] {
  const groups = new Map<string, Judged[]>();
  for (const judged of open) {
    const key = JSON.stringify(placeOf(judged, ended));
    groups.set(key, [...(groups.get(key) ?? []), judged]);
  }
  return [...groups.values()].flatMap((list) => {
    const [first] = list;
    return first === undefined ? [] : [{ ...placeOf(first, ended), ...total(list.map(({ sale }) => sale)) }];
  });
}

/** Whose answer was lost in this run is *unsettled* from now on, whatever it was. */
function placeOf({ sale, kind, obstacle, identity }: Judged, ended: ReadonlyMap<number, Outcome>) {
  const verdict = ended.get(sale.id)?.answer === "unconfirmed" ? ("unsettled" as const) : kind;
  return { verdict, obstacle: obstacle.kind, pixelId: identity.pixelId };
}
