import type { Column, Tone } from "../context.js";
import type { Account, Fate, Group, Grouping, Reach } from "../sales/account.js";
import { fateTable, fates } from "../sales/account.js";

/** The columns of one section of `report`: whose sales, all of them, and those of each fate, with their money. */
export function accountColumns(by: Grouping, { totals }: Account): Column<Group>[] {
  return [
    ...headColumns[by],
    { title: "Sales", value: ({ count }) => String(count), align: "right" },
    { title: "Amount", value: ({ amount }) => amount, align: "right" },
    // A terminal has better use for the room where no sale met with it.
    ...fates.flatMap((fate) => fateColumns(fate, totals.byFate[fate].count === 0)),
  ];
}

const headColumns: Readonly<Record<Grouping, readonly Column<Group>[]>> = {
  day: [{ title: "Day", value: ({ key }) => key, shown: ({ label }) => label }],
  bot: [
    { title: "Bot", value: ({ label }) => label, flexible: true },
    { title: "Bot ID", value: ({ key }) => key, machine: true },
  ],
  pixel: [{ title: "Pixel", value: ({ key }) => key, shown: ({ label }) => label }],
  cause: [{ title: "Cause", value: ({ key }) => key, shown: ({ label }) => label }],
};

const tones: Readonly<Record<Reach, Tone>> = {
  reached: "good",
  open: "warn",
  "too late": "bad",
  closed: "dim",
};

/** What a narrow terminal can do without, the last first; the lines beneath tell all of them. */
const leftOut: readonly Fate[] = [
  "quarantined",
  "acknowledged",
  "reverted",
  "resent",
  "expired",
  "confirmedLate",
  "byApplication",
  "closed",
];

/** A terminal shows both in one cell; machines get a column for each. */
function fateColumns(fate: Fate, machine: boolean): Column<Group>[] {
  const { title, reach } = fateTable[fate];
  const spare = leftOut.indexOf(fate);
  const sum = ({ byFate }: Group) => byFate[fate];
  return [
    {
      title,
      value: (group) => String(sum(group).count),
      shown: (group) => (sum(group).count === 0 ? "-" : `${sum(group).count} (${sum(group).amount})`),
      tone: (group) => (sum(group).count === 0 ? "dim" : tones[reach]),
      align: "right",
      ...(spare === -1 ? {} : { spare }),
      machine,
    },
    { title: `${title} amount`, value: (group) => sum(group).amount, machine: true },
  ];
}
