import { held } from "../held.js";
import type { List, Picture, ReadingContext } from "../context.js";
import type { CauseName } from "../sales/causes.js";
import type { Lack } from "../ports.js";
import { JSON_VERSION, saleJson, saleWithWhyJson } from "../sales/json.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import { saleColumns } from "./columns.js";
import { listingLines } from "./listing-words.js";
import { Named, Nearest, Passing } from "./passing.js";
import type { Selection } from "./survey.js";
import type { Look } from "./look.js";

/** What of a survey is shown, and how. */
export interface ListingOptions {
  readonly selection: Selection;
  readonly limit: number | null;
  /** Only sales of these causes; empty for all. */
  readonly causes: readonly CauseName[];
  /** With what weighed most in each verdict. */
  readonly why: boolean;
}

/** What stands beneath the list of stuck sales, and what to run next. */
export interface Beneath {
  readonly lines: Picture<Judged>["lines"];
  readonly charts: ReturnType<Passing["charts"]>;
  readonly next: Picture<Judged>["lines"];
}

/** The list of stuck sales as it is drawn again and again. */
export interface Listing extends Picture<Judged>, Beneath {
  readonly matching: number;
}

/** A list of which nobody holds more than a page. */
export interface Listed {
  readonly list: List<Judged>;
  /** Asked once the list went by. */
  readonly beneath: () => Promise<Beneath>;
  /** How many the filter let through so far, whatever `--limit` shows. */
  readonly matching: () => number;
}

type Words = Pick<ReadingContext, "currency" | "again">;

export function listOf(words: Words, looked: Look, options: ListingOptions): Listed {
  const { now } = looked;
  const passing = new Passing(now, options.causes);
  const shown = new Named();
  let lack: Lack | null = null;
  let outside: ReturnType<Look["outside"]> | null = null;
  const outsideOnce = () => (outside ??= looked.outside());
  async function* shownPages(): AsyncGenerator<readonly Judged[]> {
    const nearest = options.limit === null ? null : new Nearest(options.limit, now);
    for await (const page of looked.pages()) {
      lack ??= page.lack;
      const kept = passing.add(page.judged);
      if (nearest !== null) nearest.add(kept);
      else yield noted(kept);
    }
    if (nearest !== null) yield noted(nearest.all());
  }
  const noted = (page: readonly Judged[]) => {
    shown.add(page);
    return page;
  };
  const head = { version: JSON_VERSION, command: "find-stuck", generatedAt: iso(now) };
  const one = (judged: Judged) =>
    options.why ? saleWithWhyJson(judged, words.currency) : saleJson(judged, words.currency);
  return {
    list: {
      columns: (rows) => saleColumns(now, rows, options.why),
      pages: shownPages(),
      one,
      // They cover all, whatever is shown.
      totals: async () => ({ ...passing.sums.totals(), shown: shown.count, outside: await outsideOnce() }),
      document: (sales, totals) => ({ ...head, sales: sales.map(one), totals }),
      last: (totals) => ({ ...head, totals }),
    },
    beneath: async () => {
      const found = { ...looked, lack, outside: await outsideOnce() };
      return {
        ...listingLines(found, { passing, shown }, options, words),
        charts: options.selection.by === "span" ? passing.charts() : [],
      };
    },
    matching: () => passing.kept.count,
  };
}

/** The same with all sales in hand. */
export async function listingOf(words: Words, looked: Look, options: ListingOptions): Promise<Listing> {
  const { list, beneath, matching } = listOf(words, looked, options);
  return { report: await held(list), ...(await beneath()), matching: matching() };
}
