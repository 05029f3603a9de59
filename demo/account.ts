import type { LedgerEntry } from "./graph/types.js";

/** A paid sale as the shop's row stands after the story. */
export interface Row {
  readonly id: number;
  readonly meta_event_id: string | null;
}

/** What came of the story, from Meta's ledger and the shop's rows alone: the product is not asked about itself. */
export interface Account {
  /** Events that purchase-fix sent. */
  readonly sent: readonly LedgerEntry[];
  /** Those among them that Meta folded into a copy that it had already. */
  readonly folded: readonly LedgerEntry[];
  /** Paid sales that are confirmed in the shop, and how many of these Meta counts exactly once. */
  readonly confirmed: number;
  readonly countedOnce: number;
  /** Events of paid sales that Meta counts although the shop does not know it. */
  readonly unseen: readonly LedgerEntry[];
  /** What is not as it should be; the story holds where this is empty. */
  readonly problems: readonly string[];
}

/** `before` is the length of the ledger when the story began: what follows was sent by purchase-fix. */
export function takeAccount(before: number, ledger: readonly LedgerEntry[], rows: readonly Row[]): Account {
  const sent = ledger.slice(before);
  const counts = countPerSale(ledger);
  const confirmed = rows.filter((row) => row.meta_event_id !== null).map(({ id }) => id);
  const isConfirmed = new Set(confirmed);
  const problems = [
    ...confirmed
      .filter((id) => counts.get(id) === undefined)
      .map((id) => `sale ${id} is confirmed in the shop, but Meta does not count it`),
    ...[...counts]
      .filter(([, count]) => count > 1)
      .map(([id, count]) => `Meta counts sale ${id} ${count} times`),
    ...sent
      .filter(({ sale }) => !isConfirmed.has(Number(sale)))
      .map(({ sale, eventId }) => `event ${eventId} of sale ${sale} was sent, but the sale is not confirmed`),
  ];
  return {
    sent,
    folded: sent.filter(({ counted }) => !counted),
    confirmed: confirmed.length,
    countedOnce: confirmed.filter((id) => counts.get(id) === 1).length,
    unseen: ledger.filter(({ sale, counted }) => counted && !isConfirmed.has(Number(sale))),
    problems,
  };
}

/** How often Meta counts each sale; one that is not counted is missing. An event that no sale explains is sale 0. */
function countPerSale(ledger: readonly LedgerEntry[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { sale, counted } of ledger) {
    if (counted) counts.set(Number(sale), (counts.get(Number(sale)) ?? 0) + 1);
  }
  return counts;
}
