import type { Counted, Fate, Group, Grouping, Reach, Sums } from "./account.js";
import { fateTable, fates, groupings } from "./account.js";
import { causeTable } from "./causes.js";
import { addAmounts, amountOf, cents, compareAmounts } from "./money.js";
import type { Sum } from "./outcome.js";
import { worth } from "./outcome.js";

/** Adds up sales one by one and keeps none of them: what it holds grows with days, bots, pixels and causes alone. */
export interface Groups {
  add(sale: Counted): void;
  totals(): Sums;
  of(by: Grouping): Group[];
}

type Cells = Record<Fate, { count: number; cents: bigint }>;

interface Open {
  readonly key: string | null;
  label: string;
  readonly cells: Cells;
}

export function openGroups(): Groups {
  const all = emptyCells();
  const groups = groupings.map((by) => ({ by, known: new Map<string | null, Open>() }));
  return {
    add(sale) {
      const worthCents = cents(worth(sale.amount));
      addTo(all, sale.fate, worthCents);
      for (const { by, known } of groups) {
        const key = keyOf(sale, by);
        let group = known.get(key);
        if (!group) known.set(key, (group = { key, label: "", cells: emptyCells() }));
        group.label = labelOf(sale, by, key);
        addTo(group.cells, sale.fate, worthCents);
      }
    },
    totals: () => sumsOf(all),
    of: (by) => {
      const found = [...(groups.find((one) => one.by === by)?.known.values() ?? [])];
      const list = found.map(({ key, label, cells }) => ({ key, label, ...sumsOf(cells) }));
      return list.toSorted(by === "day" ? byKey : bySize);
    },
  };
}

function keyOf({ day, botId, pixelId, cause }: Counted, by: Grouping): string | null {
  return { day, bot: String(botId), pixel: pixelId, cause }[by];
}

function labelOf({ botName, cause }: Counted, by: Grouping, key: string | null): string {
  if (by === "bot") return botName;
  if (by === "cause" && cause !== "unknown") return causeTable[cause].short;
  return key ?? "unknown";
}

function emptyCells(): Cells {
  return Object.fromEntries(fates.map((fate) => [fate, { count: 0, cents: 0n }])) as Cells;
}

function addTo(cells: Cells, fate: Fate, amount: bigint): void {
  cells[fate].count += 1;
  cells[fate].cents += amount;
}

function sumsOf(cells: Cells): Sums {
  const list = fates.map((fate) => ({ fate, ...cells[fate] }));
  return {
    count: list.reduce((sum, { count }) => sum + count, 0),
    amount: amountOf(list.reduce((sum, one) => sum + one.cents, 0n)),
    byFate: Object.fromEntries(
      list.map((one) => [one.fate, { count: one.count, amount: amountOf(one.cents) }]),
    ) as Sums["byFate"],
  };
}

type Order = (a: Group, b: Group) => number;

/** Days as the calendar has them, what is not known last. */
const byKey: Order = (a, b) => {
  if (a.key === b.key) return 0;
  return a.key === null || (b.key !== null && a.key > b.key) ? 1 : -1;
};
/** Of bots, pixels and causes the most sales first, then the most money. */
const bySize: Order = (a, b) => b.count - a.count || compareAmounts(b.amount, a.amount) || byKey(a, b);

/** The sums of several fates put together: what Meta has, what is open, what is too late. */
export function byReach({ byFate }: Pick<Sums, "byFate">, reach: Reach): Sum {
  const cells = fates.filter((fate) => fateTable[fate].reach === reach).map((fate) => byFate[fate]);
  return {
    count: cells.reduce((sum, { count }) => sum + count, 0),
    amount: addAmounts(cells.map(({ amount }) => amount)),
  };
}
