import type { Instant } from "../src/sales/sale.js";
import { HOUR } from "../src/sales/sale.js";

/** One event that reached Meta. */
export interface Copy {
  readonly saleId: number;
  readonly pixelId: string;
  readonly eventId: string;
  readonly at: Instant;
  /** The application sent it because we had given the sale back. */
  readonly afterRevert?: boolean;
  /** The page's own pixel sent it: Meta promises to fold that with a server's copy of the same id. */
  readonly browser?: boolean;
}

/** Purchases that Meta counts: copies of one pixel and event id within 48 h of the first are one, where it folds at all. */
export function countedOf(copies: readonly Copy[], folds = true): Copy[] {
  const windows = new Map<string, Instant>();
  return copies
    .toSorted((a, b) => a.at - b.at)
    .filter(({ pixelId, eventId, at }) => {
      const name = `${pixelId}|${eventId}`;
      const first = windows.get(name);
      if (folds && first !== undefined && at - first < 48 * HOUR) return false;
      windows.set(name, at);
      return true;
    });
}

/** `Map.groupBy`, which Node 20 does not have. */
export function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
