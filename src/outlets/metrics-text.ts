import { addAmounts } from "../sales/money.js";
import type { Sum } from "../sales/outcome.js";
import type { RunSummary } from "../sales/summary.js";
import { hasLooked } from "../sales/summary-words.js";

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels: Labels;
  readonly value: string;
}

const NAME = "purchase_fix";

/**
 * A summary as node_exporter's text files have it: gauges, base units, no timestamps (it refuses them).
 * Of a run that did not look (exit code 2, interrupted) nothing is said about the backlog: the numbers of the run before
 * would pass for today's, and zeros for good news. Its absence, the exit code and the age of the last success are what to
 * alarm on.
 */
export function metricsText(summary: RunSummary): string {
  const { startedAt, endedAt, exitCode, lastSuccessAt, currency } = summary;
  const outcomes = ["confirmed", "resent", "reverted", "refused", "unconfirmed", "unreached"] as const;
  return [
    one("last_run_timestamp_seconds", "When the last run ended.", seconds(endedAt)),
    one("last_run_duration_seconds", "How long it took.", seconds(Math.max(0, endedAt - startedAt))),
    one("last_run_exit_code", "Its exit code: 0 well, 1 needs a person, 2 failed.", String(exitCode)),
    lastSuccessAt === null
      ? ""
      : one(
          "last_success_timestamp_seconds",
          "When the last run began that looked at its whole window.",
          seconds(lastSuccessAt),
        ),
    ...sums(
      "last_run",
      "that the last run left in this outcome",
      outcomes.map((outcome) => [{ outcome }, summary[outcome]]),
      currency,
    ),
    ...(hasLooked(summary) ? left(summary) : []),
  ].join("");
}

function left(summary: RunSummary): string[] {
  const { currency, backlog } = summary;
  const parts = backlog.map(({ verdict, obstacle, pixelId, ...sum }): [Labels, Sum] => [
    { verdict, obstacle, pixel: pixelId ?? "none" },
    sum,
  ]);
  const risky = backlog.filter(({ obstacle }) => obstacle !== "expired");
  const risk = { count: count(risky), amount: addAmounts(risky.map(({ amount }) => amount)) };
  const single = (name: string, what: string, sum: Sum) => sums(name, what, [[{}, sum]], currency);
  return [
    ...sums("backlog", "that are open, by verdict, obstacle and pixel", parts, currency),
    ...single("at_risk", "that are open and that Meta still accepts", risk),
    ...single("expiring", "that Meta will no longer accept 24 hours from now", summary.expiringWithin24h),
    ...single("expired", "that are open and that Meta no longer accepts", summary.expired),
    ...single("needs_person", "that need a person", summary.needsPerson),
    ...single("quarantined", "that were tried too often", summary.quarantined),
    ...single("acknowledged", "that rest by an operator's word", summary.acknowledged),
  ];
}

/** A gauge of sales and one of their money. */
function sums(name: string, what: string, entries: readonly [Labels, Sum][], currency: string): string[] {
  const samples = merged(entries);
  return [
    family(
      `${name}_sales`,
      `Sales ${what}.`,
      samples.map(([labels, sum]) => ({ labels, value: String(sum.count) })),
    ),
    family(
      `${name}_amount`,
      `Money of the sales ${what}.`,
      samples.map(([labels, sum]) => ({ labels: { currency, ...labels }, value: sum.amount })),
    ),
  ];
}

/** The same labels twice, and node_exporter refuses the whole file. */
function merged(entries: readonly [Labels, Sum][]): [Labels, Sum][] {
  const byLabels = new Map<string, [Labels, Sum[]]>();
  for (const [labels, sum] of entries) {
    const key = labelText(labels);
    const group = byLabels.get(key) ?? [labels, []];
    group[1].push(sum);
    byLabels.set(key, group);
  }
  return [...byLabels.values()].map(([labels, list]) => [
    labels,
    { count: count(list), amount: addAmounts(list.map(({ amount }) => amount)) },
  ]);
}

function count(list: readonly Sum[]): number {
  return list.reduce((most, one) => most + one.count, 0);
}

function one(name: string, help: string, value: string): string {
  return family(name, help, [{ labels: {}, value }]);
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const full = `${NAME}_${name}`;
  const lines = samples.map(({ labels, value }) => `${full}${labelText(labels)} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** As the format has it; half a surrogate pair would be no UTF-8. */
function escaped(value: string): string {
  return value
    .replaceAll(/\p{Surrogate}/gu, "\uFFFD")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
