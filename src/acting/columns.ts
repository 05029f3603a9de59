import type { Column } from "../context.js";
import { because } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import type { Instant } from "../sales/sale.js";
import { age, iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import type { Line } from "./report.js";

/** The columns of `find-stuck`: the incident report's, and what we know beyond it. */
export function saleColumns(currency: string, now: Instant): Column<Judged>[] {
  const since = ({ sale }: Judged) => (sale.flaggedAt === null ? null : age(now - sale.flaggedAt));
  const time = (at: number | null) => (at === null ? null : iso(at));
  const when = (at: number | null) => (at === null ? "-" : `${iso(at).slice(0, 16)}Z`);
  return [
    { title: "ID", value: ({ sale }) => String(sale.id), align: "right" },
    { title: "Payment", value: ({ sale }) => sale.paymentId },
    { title: "Bot", value: ({ sale }) => sale.botName, flexible: true },
    {
      title: "Amount",
      value: ({ sale }) => sale.amount,
      shown: ({ sale }) => showAmount(sale.amount, currency),
      align: "right",
    },
    {
      title: "Flagged at",
      value: ({ sale }) => time(sale.flaggedAt),
      shown: ({ sale }) => when(sale.flaggedAt),
    },
    { title: "Age", value: since, align: "right" },
    {
      title: "Verdict",
      value: ({ kind }) => kind,
      tone: ({ kind }) => (kind === "untraceable" ? "warn" : "strong"),
    },
    {
      title: "Obstacle",
      value: ({ obstacle }) => obstacle.kind,
      shown: ({ obstacle }) => (obstacle.kind === "none" ? "" : obstacle.kind),
      tone: () => "warn",
    },
    { title: "Because", value: because, flexible: true },
  ];
}

/** The columns of a command that acts. */
export function resultColumns(currency: string): Column<Line>[] {
  return [
    { title: "ID", value: ({ sale }) => String(sale.id), align: "right" },
    { title: "Payment", value: ({ sale }) => sale.paymentId },
    {
      title: "Amount",
      value: ({ sale }) => sale.amount,
      shown: ({ sale }) => showAmount(sale.amount, currency),
      align: "right",
    },
    { title: "Verdict", value: (line) => line.verdict },
    { title: "Result", value: (line) => line.what, tone: (line) => line.tone },
    { title: "Event ID", value: (line) => line.eventId, flexible: true },
    { title: "Because", value: (line) => line.because, flexible: true },
  ];
}
