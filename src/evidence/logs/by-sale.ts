import type { LoggedAttempt } from "../../sales/logged.js";
import type { Sale } from "../../sales/sale.js";
import { MINUTE } from "../../sales/sale.js";
import { push } from "./only-possible.js";

/** Finds attempts by what a row of `payments` bears. */
export interface AttemptsBySale {
  /** Attempts that are tied to the sale, the oldest first. */
  of(sale: Pick<Sale, "id" | "paymentId">): readonly LoggedAttempt[];
  /** Attempts with this event id that are tied to no sale: what they prove for which sale, the judge decides. */
  nobodys(eventId: string): readonly LoggedAttempt[];
}

/** From the delivery page's first line to the queueing, tracking data and pools are read. */
const PREPARING = MINUTE;

export function byPayment(attempts: readonly LoggedAttempt[]): AttemptsBySale {
  const byPaymentId = new Map<string, LoggedAttempt[]>();
  const bySaleId = new Map<number, LoggedAttempt[]>();
  const byEvent = new Map<string, LoggedAttempt[]>();
  for (const attempt of attempts) {
    const { paymentId, saleId, eventId } = attempt;
    if (paymentId !== null) push(byPaymentId, paymentId, attempt);
    else if (saleId !== null) push(bySaleId, saleId, attempt);
    else if (eventId !== null) push(byEvent, eventId, attempt);
  }
  return {
    of: ({ id, paymentId }) => joined([...(byPaymentId.get(paymentId) ?? []), ...(bySaleId.get(id) ?? [])]),
    nobodys: (eventId) => byEvent.get(eventId) ?? [],
  };
}

/**
 * The page's first line bears the sale's own id, the next ones its payment id: only here, where the row tells that both
 * are one sale, does the first become part of the attempt that follows it.
 */
function joined(attempts: readonly LoggedAttempt[]): LoggedAttempt[] {
  const rest = attempts.toSorted((a, b) => a.at - b.at);
  for (const begun of rest.filter(isBegun)) {
    const at = rest.findIndex(
      (one) =>
        !isBegun(one) && !one.facts.some(begins) && one.at >= begun.at && one.at <= begun.at + PREPARING,
    );
    const next = rest[at];
    if (next === undefined) continue;
    rest[at] = {
      ...next,
      saleId: begun.saleId ?? next.saleId,
      at: begun.at,
      facts: [...begun.facts, ...next.facts],
    };
    rest.splice(rest.indexOf(begun), 1);
  }
  return rest;
}

const PAGE = "the delivery page begins to send";
const begins = ({ text }: LoggedAttempt["facts"][number]): boolean => text.startsWith(PAGE);

function isBegun({ eventId, taskId, facts }: LoggedAttempt): boolean {
  return eventId === null && taskId === null && facts.length === 1 && facts.every(begins);
}
