import type { Picture } from "../context.js";
import type { Account, Reach } from "../sales/account.js";
import { fateTable, fates, reaches } from "../sales/account.js";
import { daysBetween } from "../sales/days.js";
import { byReach } from "../sales/grouped.js";
import { showAmount } from "../sales/money.js";
import { iso } from "../sales/time.js";

type Line = Picture<never>["lines"][number];

const words: Readonly<Record<Reach, Pick<Line, "tone"> & { readonly text: string }>> = {
  reached: { text: "Meta has", tone: "good" },
  open: { text: "still open:", tone: "warn" },
  "too late": { text: "too late for Meta:", tone: "bad" },
  closed: { text: "closed without Meta:", tone: "dim" },
};

/** The lines beneath a report: how many, how much, and what to look at next. */
export function accountLines(account: Account, again: string): Line[] {
  const { totals, since, until, timeZone, currency, outside } = account;
  const span = `${iso(since)}${until === null ? " on" : ` to ${iso(until)}`}; days of ${timeZone}`;
  const lines: Line[] = [
    {
      text:
        totals.count === 0
          ? `no sale is stuck, and the journal knows of none (created from ${span})`
          : `${sales(totals.count)} that ${totals.count === 1 ? "was" : "were"} stuck, ${showAmount(totals.amount, currency)} (created from ${span})`,
      tone: "strong",
    },
    ...reaches.flatMap((reach) => reachLine(account, reach)),
  ];
  if (outside.count > 0) {
    const money = showAmount(outside.amount, currency);
    lines.push({ text: `outside this window: ${sales(outside.count)} still open, ${money}`, tone: "warn" });
  }
  if (byReach(totals, "open").count > 0) {
    const end = until === null ? "" : ` --until ${iso(until)}`;
    lines.push({ text: `next: purchase-fix find-stuck --since ${iso(since)}${end}${again}` });
  }
  return lines;
}

function reachLine({ totals, currency }: Account, reach: Reach): Line[] {
  const { count, amount } = byReach(totals, reach);
  if (count === 0) return [];
  const parts = fates
    .filter((fate) => fateTable[fate].reach === reach && totals.byFate[fate].count > 0)
    .map((fate) => `${totals.byFate[fate].count} ${fateTable[fate].title.toLowerCase()}`);
  const { text, tone } = words[reach];
  return [
    { text: `${text} ${count}, ${showAmount(amount, currency)}: ${parts.join(", ")}`, ...(tone && { tone }) },
  ];
}

const sales = (count: number) => `${count} sale${count === 1 ? "" : "s"}`;

/** More lines would push the tables off the screen. */
const MOST_BARS = 31;

/** A bar for every day from the first sale to the last, so that a gap shows. */
export function accountBars({ groups: { day } }: Account): { label: string; count: number; note: string }[] {
  const known = new Map(day.map((group) => [group.key, group]));
  const keys = day.map(({ key }) => key).filter((key) => key !== null);
  const [first, last] = [keys[0], keys.at(-1)];
  if (first === undefined || last === undefined) return [];
  return daysBetween(first, last)
    .slice(-MOST_BARS)
    .map((key) => ({ label: key, count: known.get(key)?.count ?? 0, note: known.get(key)?.amount ?? "" }));
}
