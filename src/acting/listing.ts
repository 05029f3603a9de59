import type { Picture, ReadingContext, Report } from "../context.js";
import type { CauseName } from "../sales/causes.js";
import { causeOf } from "../sales/causes.js";
import { byHour, byName } from "../sales/histogram.js";
import type { Bar } from "../sales/histogram.js";
import { JSON_VERSION, saleJson, saleWithWhyJson, totals } from "../sales/json.js";
import { byDeadline } from "../sales/plan.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import { causeWord, saleColumns } from "./columns.js";
import { listingLines } from "./listing-words.js";
import type { Selection, Survey } from "./survey.js";

/** What of a survey is shown, and how. */
export interface ListingOptions {
  readonly selection: Selection;
  readonly limit: number | null;
  /** Only sales of these causes; empty for all. */
  readonly causes: readonly CauseName[];
  /** With what weighed most in each verdict. */
  readonly why: boolean;
}

/** The list of stuck sales as it is drawn: the report, the lines beneath it, and what to run next. */
export interface Listing extends Picture<Judged> {
  readonly charts: readonly { readonly title: string; readonly bars: readonly Bar[] }[];
  readonly next: Picture<Judged>["lines"];
  /** How many the filter lets through, before `--limit`. */
  readonly matching: number;
}

export function listingOf(
  { currency, again }: Pick<ReadingContext, "currency" | "again">,
  found: Survey,
  options: ListingOptions,
): Listing {
  const kept = found.judged.filter(({ evidence }) => isAsked(options.causes, evidence));
  const shown = nearest(kept, found, options.limit);
  return {
    report: reportOf(found, shown, options, currency),
    ...listingLines(found, { kept, shown }, options, { currency, again }),
    charts: options.selection.by === "span" ? chartsOf(found.judged) : [],
    matching: kept.length,
  };
}

function isAsked(causes: readonly CauseName[], evidence: Judged["evidence"]): boolean {
  return causes.length === 0 || causes.includes(causeOf(evidence) ?? "unknown");
}

/** The nearest deadlines, still in the report's order. */
function nearest(kept: readonly Judged[], { now }: Survey, limit: number | null): readonly Judged[] {
  if (limit === null) return kept;
  const first = new Set(byDeadline(kept, now).slice(0, limit));
  return kept.filter((item) => first.has(item));
}

/** The totals cover all, whatever is shown. */
function reportOf(
  found: Survey,
  shown: readonly Judged[],
  { why }: ListingOptions,
  currency: string,
): Report<Judged> {
  const sums = { ...totals(found.judged, found.now), shown: shown.length, outside: found.outside };
  const head = { version: JSON_VERSION, command: "find-stuck", generatedAt: iso(found.now) };
  const one = (judged: Judged) => (why ? saleWithWhyJson(judged, currency) : saleJson(judged, currency));
  return {
    columns: saleColumns(found.now, shown, why),
    rows: shown,
    document: () => ({ ...head, sales: shown.map(one), totals: sums }),
    lines: function* () {
      for (const judged of shown) yield one(judged);
      yield { ...head, totals: sums };
    },
  };
}

/** Who named the sales knows when and whose they were. A single bar "unknown" would tell nothing. */
function chartsOf(judged: readonly Judged[]): Listing["charts"] {
  if (judged.length === 0) return [];
  const shape = byHour(judged.map(({ sale }) => sale.createdAt));
  const told = judged.map(({ evidence }) => causeOf(evidence));
  const byCause = byName(told.map((cause) => (cause === null ? "unknown" : causeWord(cause))));
  return [
    { title: `stuck sales ${shape.title} (UTC)`, bars: shape.bars },
    { title: "stuck sales by bot", bars: byName(judged.map(({ sale }) => sale.botName)) },
    ...(told.some((cause) => cause !== null) ? [{ title: "stuck sales by cause", bars: byCause }] : []),
  ];
}
