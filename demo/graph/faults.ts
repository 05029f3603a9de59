import type { GraphError } from "./errors.js";
import { eventError } from "./errors.js";
import { isObject } from "./types.js";

/** What may go wrong with a request for events. `stored` says whether Meta got the events all the same. */
export type Fault =
  | { readonly fault: "stored-no-answer" | "no-answer" | "reset" | "stored-reset" | "reset-midway" }
  | { readonly fault: "truncated" | "huge" | "transient-400" | "policy" | "credentials" }
  | { readonly fault: "500-1" | "500-2" | "html-502"; readonly stored?: boolean }
  /** 400 with a code of the rate family (80004); `minutes` until access returns (5). */
  | { readonly fault: "rate"; readonly code?: number; readonly minutes?: number }
  /** 200, but only the first `received` events were taken (one less than sent). */
  | { readonly fault: "too-few"; readonly received?: number }
  /** Stored at once; the ordinary answer comes `ms` later. */
  | { readonly fault: "slow"; readonly ms: number }
  | { readonly fault: "unknown-4xx"; readonly status?: number; readonly code?: number }
  | { readonly fault: "redirect"; readonly location?: string }
  /** Any request that holds this event is refused, for ever unless `times` says otherwise. */
  | {
      readonly fault: "event-refused";
      readonly eventId: string;
      readonly code?: number;
      readonly subcode?: number;
    };

/** When a fault strikes. */
export type FaultRule = Fault & {
  /** How often (1); -1 is for ever. */
  readonly times?: number;
  readonly pixel?: string;
  /** Only requests that hold this event. */
  readonly match?: { readonly eventId?: string };
  /** How many fitting requests pass first, counted from when the rule was made. */
  readonly after?: number;
};

/** A request, as far as a rule looks at it. */
export interface Target {
  readonly pixel: string | null;
  readonly eventIds: readonly (string | null)[];
}

/** What befalls an exchange itself, and says nothing of the event. */
export const exchangeFaults = [
  "stored-no-answer",
  "no-answer",
  "reset",
  "stored-reset",
  "reset-midway",
  "truncated",
  "huge",
] as const;

const names: ReadonlySet<string> = new Set<Fault["fault"]>([
  ...exchangeFaults,
  ...(["transient-400", "policy", "credentials", "500-1", "500-2", "html-502", "rate", "too-few"] as const),
  ...(["slow", "unknown-4xx", "redirect", "event-refused"] as const),
]);

/** Takes what came over the admin path; a misspelt fault must fail its test, not be ignored. */
export function parseRule(value: unknown): FaultRule {
  if (!isObject(value) || typeof value["fault"] !== "string" || !names.has(value["fault"])) {
    throw new Error(`unknown fault: ${JSON.stringify(value)}`);
  }
  if (value["fault"] === "slow" && typeof value["ms"] !== "number") throw new Error("slow needs ms");
  if (value["fault"] === "event-refused" && typeof value["eventId"] !== "string") {
    throw new Error("event-refused needs eventId");
  }
  return value as unknown as FaultRule;
}

interface Standing {
  readonly rule: FaultRule;
  passed: number;
  left: number;
}

/** The ordered faults: the first rule that fits and is not used up strikes. */
export class FaultRules {
  #standing: Standing[] = [];

  add(rule: FaultRule): void {
    this.#standing.push({ rule, passed: 0, left: rule.times ?? (rule.fault === "event-refused" ? -1 : 1) });
  }

  clear(): void {
    this.#standing = [];
  }

  /** The fault of this request. Each fitting rule counts the request, so that `after` does not depend on the others. */
  strike(target: Target): Fault | null {
    let struck: Fault | null = null;
    for (const standing of this.#standing) {
      if (standing.rule.fault === "event-refused" || !fits(standing.rule, target)) continue;
      if (standing.passed++ < (standing.rule.after ?? 0) || standing.left === 0 || struck !== null) continue;
      if (standing.left > 0) standing.left -= 1;
      struck = standing.rule;
    }
    return struck;
  }

  /** The refusal ordered for this event: a rule of its own kind, since it comes with validation and not instead of it. */
  refusal(pixel: string, eventId: string | null): GraphError | null {
    for (const standing of this.#standing) {
      const { rule } = standing;
      if (rule.fault !== "event-refused" || rule.eventId !== eventId) continue;
      if ((rule.pixel ?? pixel) !== pixel || standing.left === 0) continue;
      if (standing.passed++ < (rule.after ?? 0)) continue;
      if (standing.left > 0) standing.left -= 1;
      return eventError(rule.subcode ?? 2804050, rule.code);
    }
    return null;
  }
}

function fits(rule: FaultRule, target: Target): boolean {
  const wanted = rule.match?.eventId;
  return (
    (rule.pixel ?? target.pixel) === target.pixel &&
    (wanted === undefined || target.eventIds.includes(wanted))
  );
}
