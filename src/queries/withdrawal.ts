import type { Instant } from "../sales/sale.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";
import { millis } from "./moments.js";

/** How a word that operators gave was taken back: the same three columns wherever one is kept. */
export interface WithdrawalRow {
  withdrawn_at: string | null;
  withdrawn_by: string | null;
  withdrawn_because: string | null;
}

export function withdrawalColumns(tx: Tx): Fragment {
  return tx`${millis(tx, "withdrawn_at")} as withdrawn_at, withdrawn_by, withdrawn_because`;
}

/** Null for a word that holds. */
export function withdrawalOf(
  row: WithdrawalRow,
): { readonly at: Instant; readonly by: string; readonly because: string } | null {
  if (row.withdrawn_at === null) return null;
  const [by, because] = [row.withdrawn_by ?? "", row.withdrawn_because ?? ""];
  return { at: Number(row.withdrawn_at), by, because };
}
