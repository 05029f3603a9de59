import { TableLocked } from "../errors.js";
import type { Attempts, Claim, Claimed, Claims, Clock, Lease } from "../ports.js";
import type { Planned } from "../sales/plan.js";
import { halving } from "./halving.js";
import { LOCKED, stateInWords } from "./state.js";

/** What came of claiming sales: each is claimed, locked, or left with the reason. */
export interface Got {
  readonly claimed: ReadonlyMap<number, Claimed>;
  readonly locked: readonly Planned[];
  /** No longer what was judged. */
  readonly moved: readonly { readonly item: Planned; readonly because: string }[];
  /** Sales whose flag the shop's database does not let us set again. */
  readonly refused: readonly { readonly item: Planned; readonly because: string }[];
}

/** Claims sales for one request. One that is locked, or that the shop refuses, costs no other sale its claim. */
export async function claimSales(
  { attempts, clock }: { readonly attempts: Attempts; readonly clock: Clock },
  lease: Lease,
  ready: readonly Planned[],
  claimOf: (item: Planned) => Claim,
): Promise<Got> {
  const { done, refused } = await halving(ready, (part) => claims(attempts, lease, part.map(claimOf)));
  const claimed = new Map(done.flatMap((one) => one.claimed).map((claim) => [claim.saleId, claim]));
  const by = new Map(done.flatMap((one) => one.hindered).map((one) => [one.saleId, one.by]));
  const out = new Set(refused.map(({ item }) => item));
  const missed = ready.filter((item) => !claimed.has(item.judged.sale.id) && !out.has(item));
  const asked = missed.map((item) => item.judged.sale.id).filter((id) => !by.has(id));
  const states = asked.length === 0 ? new Map() : await attempts.states(asked);
  const whys = missed.map((item) => {
    const { id } = item.judged.sale;
    const hindrance = by.get(id);
    if (hindrance === "lock") return { item, because: LOCKED };
    if (hindrance === "sibling") return { item, because: "a sale of its click was confirmed meanwhile" };
    return { item, because: stateInWords(claimOf(item), states.get(id), clock.now()) };
  });
  return {
    claimed,
    // A lock that was gone before anybody could ask for it leaves the row as it was judged: a lock all the same.
    locked: whys.filter(({ because }) => because === LOCKED).map(({ item }) => item),
    moved: whys.filter(({ because }) => because !== LOCKED),
    refused,
  };
}

/** A table that is locked as a whole is a row that is locked, to each of its rows. */
async function claims(attempts: Attempts, lease: Lease, part: readonly Claim[]): Promise<Claims> {
  try {
    return await attempts.claim(lease, part);
  } catch (error) {
    if (!(error instanceof TableLocked)) throw error;
    return { claimed: [], hindered: part.map(({ saleId }) => ({ saleId, by: "lock" })) };
  }
}
