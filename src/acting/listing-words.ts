import type { Picture, ReadingContext } from "../context.js";
import { showAmount } from "../sales/money.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import type { ListingOptions } from "./listing.js";
import type { Named, Passing } from "./passing.js";
import type { Outside } from "../ports.js";
import type { Selection, Survey } from "./survey.js";
import { notStuck } from "./words.js";

interface Found extends Pick<Survey, "others" | "lack"> {
  readonly outside: Outside | null;
}

type Lines = Picture<Judged>["lines"];

/** What went by, and how many of it are shown. */
interface Part {
  readonly passing: Passing;
  readonly shown: Named;
}

/** The figures beneath the list, and what to run next. */
export function listingLines(
  found: Found,
  part: Part,
  options: ListingOptions,
  { currency, again }: Pick<ReadingContext, "currency" | "again">,
): { lines: Lines; next: Lines } {
  const { outside, others, lack } = found;
  const { sums: adding, confirmed } = part.passing;
  const sums = adding.totals();
  const lines: Lines[number][] = [
    {
      text: `${stuckSales(sums.count)}, ${showAmount(sums.amount, currency)}${few(sums.count, part, options)}`,
      tone: "strong",
    },
    ...confirmed.map((id) => ({
      text: `sale ${id} is confirmed, and Meta folded it into another`,
      tone: "warn" as const,
    })),
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
  const held = Object.entries(adding.restraints()).filter(([kind]) => kind !== "none");
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
  return { lines, next: nextLines(part, options, again) };
}

function few(count: number, { passing: { kept }, shown }: Part, { causes }: ListingOptions): string {
  if (shown.count === count) return "";
  const why = [
    causes.length === 0 ? "" : `those with cause ${causes.join(" or ")}`,
    shown.count < kept.count ? "the nearest deadlines" : "",
  ];
  return ` (showing ${shown.count} of ${count}, ${why.filter((part) => part !== "").join(", ")})`;
}

const expiring = (count: number) => `${count} of them expire${count === 1 ? "s" : ""} within 24 hours`;

const stuckSales = (count: number) => `${count} stuck sale${count === 1 ? "" : "s"}`;

/** The sale that needs a person soonest, then the same sales again: neither more nor fewer than were looked at. */
function nextLines(part: Part, options: ListingOptions, again: string): Lines {
  const { kept, person, persons } = part.passing;
  if (kept.count === 0) return [{ text: "nothing to do here" }];
  const more = persons > 1 ? `, the first of ${persons}` : "";
  const explain = person ? [`purchase-fix explain ${person.sale.id}${again} (needs a person${more})`] : [];
  return [...explain, `purchase-fix resend ${sameAgain(part, options, again)}`].map((text) => ({
    text: `next: ${text}`,
  }));
}

type Wanted = Pick<ListingOptions, "selection" | "limit" | "causes">;

function sameAgain(
  { passing: { kept }, shown }: Part,
  { selection, limit, causes }: Wanted,
  again: string,
): string {
  const most = limit !== null && shown.count < kept.count ? ` --limit ${limit}` : "";
  // A window cannot be told to keep to a cause: what is shown is named, and needs no limit.
  if (causes.length > 0) {
    const ids = shown.ids();
    if (ids !== null) return `${ids}${again} --dry-run`;
    return `--id -${again} --dry-run, with these ids on standard input`;
  }
  if (selection.by === "span") return `${windowOf(selection)}${most}${again} --dry-run`;
  const ids = kept.ids();
  if (ids !== null) return `${ids}${most}${again} --dry-run`;
  return `${`${most}${again}`.trimStart()} --dry-run with the same --id (- reads names from standard input)`.trimStart();
}

function windowOf(selection: Exclude<Selection, { by: "name" }>): string {
  if ("hours" in selection) return `--hours ${selection.hours}`;
  const until = selection.until === null ? "" : ` --until ${iso(selection.until)}`;
  return `--since ${iso(selection.since)}${until}`;
}
