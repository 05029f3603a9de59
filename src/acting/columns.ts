import type { Column } from "../context.js";
import { causeOf, causeTable } from "../sales/causes.js";
import type { Cause } from "../sales/evidence.js";
import { because } from "../sales/json.js";
import type { Instant } from "../sales/sale.js";
import { mostTelling } from "../sales/telling.js";
import { age, iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import type { Line } from "./lines.js";
import { shortened } from "./shortened.js";

/** The columns of `find-stuck`: the incident report's, and what we know beyond it. */
export function saleColumns(now: Instant, sales: readonly Judged[], why = false): Column<Judged>[] {
  const since = ({ sale }: Judged) => (sale.flaggedAt === null ? null : age(now - sale.flaggedAt));
  const time = (at: number | null) => (at === null ? null : iso(at));
  const when = (at: number | null) => (at === null ? "-" : `${iso(at).slice(5, 16).replace("T", " ")}Z`);
  return [
    { title: "ID", value: ({ sale }) => String(sale.id), align: "right" },
    { title: "Payment", value: ({ sale }) => sale.paymentId, spare: 1 },
    { title: "Bot", value: ({ sale }) => sale.botName, flexible: true },
    { title: "Amount", value: ({ sale }) => sale.amount, align: "right" },
    {
      title: "Flagged at",
      value: ({ sale }) => time(sale.flaggedAt),
      shown: ({ sale }) => when(sale.flaggedAt),
      spare: 4,
    },
    { title: "Age", value: since, align: "right" },
    {
      title: "Deadline",
      value: ({ deadline }) => time(deadline),
      shown: ({ deadline }) =>
        deadline === null ? "-" : deadline <= now ? "past" : `in ${age(deadline - now)}`,
      align: "right",
      spare: 3,
    },
    {
      title: "Verdict",
      value: ({ kind }) => kind,
      tone: ({ kind, obstacle }) => (kind === "untraceable" || obstacle.kind !== "none" ? "warn" : "strong"),
    },
    // On a terminal the reason names it.
    { title: "Obstacle", value: ({ obstacle }) => obstacle.kind, machine: true },
    { title: "Restraint", value: ({ restraint }) => restraint.kind, machine: true },
    {
      title: "Cause",
      value: ({ evidence }) => causeOf(evidence),
      shown: ({ evidence }) => causeWord(causeOf(evidence)),
      spare: 2,
      // A terminal has better use for the room where no source told one.
      machine: sales.every(({ evidence }) => causeOf(evidence) === null),
    },
    { title: "Because", value: because, shown: (judged) => shortened(because(judged)), flexible: true },
    ...(why ? [whyColumn] : []),
  ];
}

/** A cause in the fewest words. */
export const causeWord = (cause: Cause | null): string => (cause === null ? "-" : causeTable[cause].short);

/** What weighed most, and where it stands. */
const whyColumn: Column<Judged> = {
  title: "Evidence",
  value: evidenceOf,
  shown: (judged) => shortened(evidenceOf(judged) ?? "-"),
  flexible: true,
};

function evidenceOf(judged: Judged): string | null {
  const told = mostTelling(judged);
  if (told === null) return null;
  return `${told.source}, ${iso(told.at)}: ${told.text}${told.where === null ? "" : ` (${told.where})`}`;
}

/** The columns of a command that acts. */
export function resultColumns(): Column<Line>[] {
  return [
    { title: "ID", value: ({ id }) => id, align: "right" },
    { title: "Payment", value: ({ payment }) => payment, spare: 1 },
    { title: "Amount", value: ({ amount }) => amount, align: "right" },
    { title: "Verdict", value: (line) => line.verdict },
    { title: "Result", value: (line) => line.what, tone: (line) => line.tone },
    { title: "Event ID", value: (line) => line.eventId, flexible: true },
    { title: "Because", value: (line) => line.because, flexible: true },
  ];
}
