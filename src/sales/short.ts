import { DEDUPLICATION, isFolded, proofOfDelivery } from "./click.js";
import type { Evidence, Sibling, Trace } from "./evidence.js";
import type { Sale } from "./sale.js";
import type { Judged } from "./verdict.js";

/*
 * The application stores the click's id for every sale of the click that Meta says yes to, and Meta counts one of them.
 * So a row may be confirmed, and its sale never counted: it is not stuck, and no window looks at it.
 */

/**
 * Confirmed under its click's id, which Meta had already accepted for another sale. What we sent of it since bears an
 * id of our own, and says nothing of that; whether it has arrived says the verdict.
 */
export function isShort({ sale, evidence, kind }: Pick<Judged, "sale" | "evidence" | "kind">): boolean {
  if (sale.status !== "paid" || !sale.flagged || sale.metaEventId === null) return false;
  if (sale.metaEventId !== sale.pageviewEventId || (kind !== "folded" && kind !== "unsettled")) return false;
  const traces = evidence.traces.filter(({ by }) => by === "application");
  return isFolded(sale, { ...evidence, traces });
}

/** The sales that Meta folded into a delivered one, although their rows are confirmed. */
export function shortBeside(sale: Sale, evidence: Evidence): Sibling[] {
  const proof = proofOfDelivery(sale, evidence);
  if (!proof || proof.eventId === null || proof.eventId !== sale.pageviewEventId) return [];
  return evidence.siblings.filter(
    ({ status, metaEventId, acceptedAt, countedAs }) =>
      status === "paid" &&
      metaEventId === proof.eventId &&
      !countedAs &&
      acceptedAt !== null &&
      acceptedAt >= proof.at &&
      acceptedAt - proof.at < DEDUPLICATION,
  );
}

/** The conclusion about a sale that Meta counted, which tells of those beside it that it did not. */
export function delivered(
  sale: Sale,
  evidence: Evidence,
  { because }: Trace,
): Pick<Judged, "kind" | "because" | "foldedUntil"> {
  const short = shortInWords(sale, evidence);
  return {
    kind: "delivered",
    because: short === null ? because : `${because}; ${short}`,
    foldedUntil: null,
  };
}

/** The others in words; null where there is none. */
export function shortInWords(sale: Sale, evidence: Evidence): string | null {
  const ids = shortBeside(sale, evidence).map(({ id }) => id);
  if (ids.length === 0) return null;
  const who = ids.length === 1 ? `sale ${ids[0]} is` : `sales ${ids.join(", ")} are`;
  return `${who} confirmed under the same event id, of which Meta counts one: to have the other counted, resend --id ${ids.join(",")}`;
}

/** Sales that are confirmed and were not counted, as far as these tell of others of their click. */
export function uncountedAmong(judged: readonly Judged[]): number[] {
  const delivered = judged.filter(({ kind }) => kind === "delivered");
  return [
    ...new Set(delivered.flatMap(({ sale, evidence }) => shortBeside(sale, evidence).map(({ id }) => id))),
  ];
}
