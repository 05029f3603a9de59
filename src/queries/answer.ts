import type { Lease, Settlement } from "../ports.js";
import type { Tx } from "./database.js";
import { list } from "./list.js";
import { unguessed } from "./plans.js";

/**
 * Puts the answers on record, and nothing else: no row of the shop is touched, so that none of its locks, constraints
 * and triggers can lose an acceptance. It asks for no lease either: what Meta said stays true when another run has
 * taken over, and an acceptance goes even upon an attempt that this one gave up as unconfirmed. Doing it twice does no
 * harm. Tells how many of the attempts are still open.
 */
export async function answer(
  tx: Tx,
  lease: Lease,
  settlements: readonly Settlement[],
  { blames }: { readonly blames: boolean },
): Promise<number> {
  let open = 0;
  for (const same of alike(settlements)) {
    const [{ answer: said, status, code, subcode, fbtraceId, because, blame }] = same;
    // How many shared the request shows later whose answer was lost with others, and whose alone.
    const told = blames ? tx`, blame = ${blame}, events = ${settlements.length}::integer` : tx``;
    const attempts = list(
      tx,
      "bigint",
      same.map(({ attempt }) => attempt),
    );
    const rows = await tx<{ open: number }[]>`
      with noted as (
        update purchase_fix.attempt a
        set answer = ${said}, http_status = ${status}::integer, code = ${code}::integer, subcode = ${subcode}::integer,
            fbtrace_id = ${fbtraceId}, because = ${because}${told}
        where a.id = any(${attempts})
          and ${unguessed(tx, tx`a.run_id = ${lease.run} and (a.settled_at is null or (a.answer = 'unconfirmed' and ${said} = 'accepted'))`)}
        returning a.settled_at is null as open
      )
      select count(*) filter (where open)::integer as open from noted`;
    open += rows[0]?.open ?? 0;
  }
  return open;
}

/** Attempts that shared a request have one answer, which is written once: a batch is one part. */
function alike(settlements: readonly Settlement[]): [Settlement, ...Settlement[]][] {
  const parts: [Settlement, ...Settlement[]][] = [];
  for (const one of settlements) {
    const part = parts.find(([first]) => isSame(first, one));
    if (part) part.push(one);
    else parts.push([one]);
  }
  return parts;
}

function isSame(a: Settlement, b: Settlement): boolean {
  return (
    a.answer === b.answer &&
    a.blame === b.blame &&
    a.status === b.status &&
    a.code === b.code &&
    a.subcode === b.subcode &&
    a.fbtraceId === b.fbtraceId &&
    a.because === b.because
  );
}
