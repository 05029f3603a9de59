import type { Span } from "../ports.js";
import type { Standing } from "../sales/account.js";
import type { Instant, Pool } from "../sales/sale.js";

/** A sale that our journal knows: its row now, and what its attempts came to. */
export interface Journalled {
  readonly id: number;
  readonly botId: number;
  readonly botName: string;
  readonly amount: string | null;
  readonly createdAt: Instant | null;
  /** Of its last attempt that names one. */
  readonly pixelId: string | null;
  /** The pools that could take its event, as `Sale` has them. */
  readonly pools: readonly Pool[] | null;
  /** What its last attempt that names one calls the cause; null where none does, or the journal is an older one. */
  readonly cause: string | null;
  readonly standing: Standing;
}

/** Reads what became of the sales that a run of ours has touched. Nothing here can write. */
export interface HistoryReader {
  /** Each journalled sale that was created in the span, once, in the order of their ids. */
  journalled(span: Span, each: (sale: Journalled) => void): Promise<void>;
}
