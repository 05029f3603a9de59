import { tie } from "../../src/evidence/logs/attempts.js";
import { byPayment } from "../../src/evidence/logs/by-sale.js";
import type { Position } from "../../src/evidence/logs/position.js";
import { readLogs, type ReadLogs } from "../../src/evidence/logs/read-logs.js";
import type { LoggedAttempt } from "../../src/sales/logged.js";
import type { LabelledSale } from "./corpus.js";

/** Reads logs of a host in UTC-3, long after they were written. */
export async function readAll(
  files: readonly string[],
  earlier: { positions?: readonly Position[]; tasks?: Iterable<string>; lateFrom?: number } = {},
): Promise<ReadLogs> {
  return await readLogs({
    files,
    zone: "America/Sao_Paulo",
    positions: earlier.positions ?? [],
    tasks: earlier.tasks ?? [],
    lateFrom: earlier.lateFrom ?? Infinity,
    signal: new AbortController().signal,
    now: Date.UTC(2030, 0, 1),
  });
}

/** What the logs alone say of a sale. */
export type Said = LoggedAttempt["result"] | "nothing";

export interface JudgedSale extends LabelledSale {
  readonly said: Said;
}

/** The judge's order: one acceptance, then anything that may have arrived or may still run, then proof of loss. */
function sayOf(attempts: readonly LoggedAttempt[]): Said {
  if (attempts.length === 0) return "nothing";
  if (attempts.some(({ result }) => result === "accepted")) return "accepted";
  if (attempts.some(({ result, mayStillRun }) => result === "unknown" || mayStillRun)) return "unknown";
  return attempts.some(({ result }) => result === "refused") ? "refused" : "not-sent";
}

export function judgeByLogs(sales: readonly LabelledSale[], events: ReadLogs["events"]): JudgedSale[] {
  const found = byPayment(tie(events).attempts);
  const bearers = new Map<string, number>();
  for (const { eventId } of sales) bearers.set(eventId, (bearers.get(eventId) ?? 0) + 1);
  return sales.map((sale) => {
    const { saleId: id, paymentId, eventId } = sale;
    const own = eventId.startsWith("pageview_") && bearers.get(eventId) === 1;
    return { ...sale, said: sayOf(found.of({ id, paymentId, ownEventId: own ? eventId : null })) };
  });
}

/** Where the logs say what is not so: the two mistakes that cost money. */
export function mistakes(judged: readonly JudgedSale[]): JudgedSale[] {
  return judged.filter(
    ({ truth, said }) =>
      (truth !== "lost" && (said === "refused" || said === "not-sent")) ||
      (truth !== "received" && said === "accepted"),
  );
}

/** Truth by what the logs say, for a person. */
export function confusion(judged: readonly JudgedSale[]): string {
  const columns = ["accepted", "refused", "not-sent", "unknown", "nothing"] as const;
  const count = (truth: string, said: Said): number =>
    judged.filter((one) => one.truth === truth && one.said === said).length;
  const rows = ["received", "lost", "open"].map((truth) =>
    [truth.padEnd(22), ...columns.map((said) => String(count(truth, said)).padStart(9))].join(""),
  );
  const head = `${"truth \\ the logs say".padEnd(22)}${columns.map((column) => column.padStart(9)).join("")}`;
  return [head, ...rows].join("\n");
}
