import type { LoggedAttempt } from "../../sales/logged.js";
import type { Sale } from "../../sales/sale.js";
import { MINUTE } from "../../sales/sale.js";
import { push } from "./only-possible.js";
import { NEXT_LINE } from "./request.js";

/** What a row of `payments` tells: `ownEventId` is an event id that no other sale of the shop bears, or null. */
export interface SaleNames extends Pick<Sale, "id" | "paymentId"> {
  readonly ownEventId: string | null;
}

/** Finds attempts by what a row bears. */
export interface AttemptsBySale {
  /** Attempts of the sale, the oldest first. */
  of(sale: SaleNames): readonly LoggedAttempt[];
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
  const nobodys = (eventId: string | null): LoggedAttempt[] => byEvent.get(eventId ?? "") ?? [];
  const adopted = ({ id, paymentId, ownEventId }: SaleNames): LoggedAttempt[] =>
    nobodys(ownEventId).map((attempt) => ({ ...attempt, saleId: id, paymentId, tiedBy: "event id" }));
  return {
    of: (sale) => {
      const own = [
        ...(byPaymentId.get(sale.paymentId) ?? []),
        ...(bySaleId.get(sale.id) ?? []),
        ...adopted(sale),
      ];
      return joined(own).map((attempt) => ({ ...attempt, saleId: sale.id, paymentId: sale.paymentId }));
    },
    nobodys,
  };
}

/**
 * Some lines bear the sale's own id, some its payment id, some its event id. Only here, where the row tells that all are
 * one sale, do the beginning of an attempt and what follows it become one.
 */
function joined(attempts: readonly LoggedAttempt[]): LoggedAttempt[] {
  let rest = attempts.toSorted((a, b) => a.at - b.at);
  for (const [isHead, span] of [
    [isQueueing, NEXT_LINE],
    [isBegun, PREPARING],
  ] as const) {
    for (const head of rest.filter(isHead)) {
      // Where two attempts of the sale began before the next one goes on, which of them did cannot be told.
      const rivals = rest.filter(
        (one) => isHead(one) && one.at <= head.at + span && one.at >= head.at - span,
      );
      const tails = rest.filter(
        (one) => one !== head && !isHead(one) && goesOn(one, isHead) && follows(one, head, span),
      );
      const [tail] = tails;
      if (rivals.length > 1 || tails.length !== 1 || tail === undefined) continue;
      const one = {
        ...tail,
        pixelId: tail.pixelId ?? head.pixelId,
        at: Math.min(head.at, tail.at),
        facts: [...head.facts, ...tail.facts].toSorted((a, b) => a.at - b.at),
      };
      rest = rest.filter((other) => other !== head).map((other) => (other === tail ? one : other));
    }
  }
  return rest;
}

function follows(tail: LoggedAttempt, head: LoggedAttempt, span: number): boolean {
  // "It will use the page's event id" comes before "about to queue", and bears the same id as what comes after.
  const at = tail.facts.find(({ text }) => !text.startsWith(WILL_USE))?.at ?? tail.at;
  return at >= head.at && at <= head.at + span;
}

/** It has no such beginning of its own. */
function goesOn(attempt: LoggedAttempt, isHead: typeof isBegun): boolean {
  const word = isHead === isBegun ? BEGINS : QUEUEING;
  return !attempt.facts.some(({ text }) => text.startsWith(word));
}

const BEGINS = "the delivery page begins to send";
const QUEUEING = "about to queue the Purchase";
const WILL_USE = "it will use the page's event id";

/** The page's first line, and nothing after it. */
function isBegun({ eventId, taskId, facts }: LoggedAttempt): boolean {
  return (
    eventId === null &&
    taskId === null &&
    facts.length === 1 &&
    facts.every(({ text }) => text.startsWith(BEGINS))
  );
}

/** "About to queue", and which event was its own could not be told. */
function isQueueing({ eventId, taskId, facts }: LoggedAttempt): boolean {
  return eventId === null && taskId === null && facts.some(({ text }) => text.startsWith(QUEUEING));
}
