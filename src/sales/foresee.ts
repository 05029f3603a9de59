import type { Attestation } from "./attested.js";
import { attestedOf } from "./attested.js";
import { noFindings, withFindings } from "./findings.js";
import { total } from "./outcome.js";
import type { Instant } from "./sale.js";
import type { Judged, Policy, VerdictKind } from "./verdict.js";
import { judge } from "./verdict.js";

/** A sale that a word covers, and what it is with it. */
export interface Foreseen {
  readonly judged: Judged;
  readonly becomes: VerdictKind;
  readonly because: string;
}

/** What a word would make of sales as they are known now: those that it covers, and how many it touches only. */
export function foresee(
  sales: readonly Judged[],
  word: Attestation,
  policy: Policy,
  now: Instant,
): { readonly covered: readonly Foreseen[]; readonly touched: number } {
  const covered: Foreseen[] = [];
  let touched = 0;
  for (const judged of sales) {
    const { sale, evidence } = judged;
    const { complete, traces, facts } = attestedOf(sale, evidence, [word]);
    if (!complete) touched += facts.length;
    if (!complete) continue;
    const found = withFindings(sale, evidence, { ...noFindings, traces, facts, complete });
    const { kind, because } = judge(sale, found, { fault: null }, policy, now);
    covered.push({ judged, becomes: kind, because });
  }
  return { covered, touched };
}

/** `2 ambiguous become lost, 1 untraceable stays untraceable`; empty where nothing is covered. */
export function changesOf(covered: readonly Foreseen[]): string {
  const groups = new Map<string, number>();
  for (const { judged, becomes } of covered) {
    const key = `${judged.kind} ${becomes}`;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups]
    .map(([key, count]) => {
      const [before = "", after = ""] = key.split(" ");
      const one = count === 1 ? "s" : "";
      return before === after ? `${count} stay${one} ${before}` : `${count} ${before} become${one} ${after}`;
    })
    .join(", ");
}

/** Number and money of the covered sales. */
export function totalOf(covered: readonly Foreseen[]) {
  return total(covered.map(({ judged }) => judged.sale));
}
