import type { Picture, ReadingContext } from "../context.js";
import { showAmount } from "../sales/money.js";
import { needsPerson } from "../sales/obstacle.js";
import { totals } from "../sales/json.js";
import { byDeadline } from "../sales/plan.js";
import { restraintKinds } from "../sales/restraint.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import type { ListingOptions } from "./listing.js";
import type { Selection, Survey } from "./survey.js";
import { notStuck } from "./words.js";

type Lines = Picture<Judged>["lines"];

/** What the filter lets through, and what of it is shown. */
interface Part {
  readonly kept: readonly Judged[];
  readonly shown: readonly Judged[];
}

/** The figures beneath the list, and what to run next. */
export function listingLines(
  found: Survey,
  part: Part,
  options: ListingOptions,
  { currency, again }: Pick<ReadingContext, "currency" | "again">,
): { lines: Lines; next: Lines } {
  const { judged, now, outside, others, lack } = found;
  const sums = totals(judged, now);
  const lines: Lines[number][] = [
    {
      text: `${stuckSales(sums.count)}, ${showAmount(sums.amount, currency)}${few(found, part, options)}`,
      tone: "strong",
    },
    // Named ones alone: a window reads stuck sales.
    ...judged.flatMap(({ sale: { id, metaEventId } }) =>
      metaEventId === null
        ? []
        : [{ text: `sale ${id} is confirmed, and Meta folded it into another`, tone: "warn" as const }],
    ),
    ...others.map((sale) => ({
      text: `sale ${sale.id} (${sale.paymentId}) is ${notStuck(sale)}`,
      tone: "warn" as const,
    })),
  ];
  if (sums.count > 0) {
    const kinds = Object.entries(sums.byVerdict).map(([kind, count]) => `${count} ${kind}`);
    lines.push({ text: `verdicts: ${kinds.join(", ")}; ${expiring(sums.expiringWithin24h)}` });
    const told = Object.entries(sums.byCause).map(([cause, count]) => `${count} ${cause}`);
    // Without a source that tells causes there is nothing to read here.
    if (sums.byCause["unknown"] !== sums.count) lines.push({ text: `causes: ${told.join(", ")}` });
  }
  const held = restraintKinds
    .filter((kind) => kind !== "none")
    .map((kind) => [kind, judged.filter(({ restraint }) => restraint.kind === kind).length] as const)
    .filter(([, count]) => count > 0);
  if (held.length > 0)
    lines.push({ text: `windows leave: ${held.map(([kind, count]) => `${count} ${kind}`).join(", ")}` });
  if (sums.foldingEndsWithin24h > 0) {
    const text = `${sums.foldingEndsWithin24h} of them can be sent again without counting twice for less than 24 hours`;
    lines.push({ text, tone: "warn" });
  }
  if (outside && outside.count > 0) {
    const money = showAmount(outside.amount, currency);
    const text = `outside this window: ${stuckSales(outside.count)}, ${money}; ${expiring(outside.expiringSoon)}`;
    lines.push({ text, tone: "warn" });
  }
  if (lack)
    lines.push({
      text: `whether they can be sent was not checked: ${lack.what} (${lack.next})`,
      tone: "warn",
    });
  return { lines, next: nextLines(found, part, options, again) };
}

function few({ judged }: Survey, { kept, shown }: Part, { causes }: ListingOptions): string {
  if (shown.length === judged.length) return "";
  const why = [
    causes.length === 0 ? "" : `those with cause ${causes.join(" or ")}`,
    shown.length < kept.length ? "the nearest deadlines" : "",
  ];
  return ` (showing ${shown.length} of ${judged.length}, ${why.filter((part) => part !== "").join(", ")})`;
}

const expiring = (count: number) => `${count} of them expire${count === 1 ? "s" : ""} within 24 hours`;

const stuckSales = (count: number) => `${count} stuck sale${count === 1 ? "" : "s"}`;

/** More ids than this make a line that nobody reads, and that is cut where it is printed. */
const MOST_NAMES = 20;

/** The sale that needs a person soonest, then the same sales again: neither more nor fewer than were looked at. */
function nextLines({ now }: Survey, part: Part, options: ListingOptions, again: string): Lines {
  const { kept } = part;
  if (kept.length === 0) return [{ text: "nothing to do here" }];
  const persons = byDeadline(kept, now).filter((judged) => needsPerson(judged, now) !== null);
  const [first] = persons;
  const more = persons.length > 1 ? `, the first of ${persons.length}` : "";
  const explain = first ? [`purchase-fix explain ${first.sale.id}${again} (needs a person${more})`] : [];
  return [...explain, `purchase-fix resend ${sameAgain(part, options, again)}`].map((text) => ({
    text: `next: ${text}`,
  }));
}

type Wanted = Pick<ListingOptions, "selection" | "limit" | "causes">;

function sameAgain({ kept, shown }: Part, { selection, limit, causes }: Wanted, again: string): string {
  const most = limit !== null && shown.length < kept.length ? ` --limit ${limit}` : "";
  const ids = (list: readonly Judged[]) => `--id ${list.map(({ sale }) => sale.id).join(",")}`;
  // A window cannot be told to keep to a cause: what is shown is named, and needs no limit.
  if (causes.length > 0) {
    if (shown.length <= MOST_NAMES) return `${ids(shown)}${again} --dry-run`;
    return `--id -${again} --dry-run, with these ids on standard input`;
  }
  if (selection.by === "span") return `${windowOf(selection)}${most}${again} --dry-run`;
  if (kept.length <= MOST_NAMES) return `${ids(kept)}${most}${again} --dry-run`;
  return `${`${most}${again}`.trimStart()} --dry-run with the same --id (- reads names from standard input)`.trimStart();
}

function windowOf(selection: Exclude<Selection, { by: "name" }>): string {
  if ("hours" in selection) return `--hours ${selection.hours}`;
  const until = selection.until === null ? "" : ` --until ${iso(selection.until)}`;
  return `--since ${iso(selection.since)}${until}`;
}
