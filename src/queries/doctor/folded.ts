import type { RowFacts } from "../../ports.js";
import { parseAmount } from "../../sales/money.js";
import type { Columns, Fragment } from "../columns.js";
import type { Tx } from "../database.js";

/** Meta folds a copy for so long after it received the first. */
const FOLDED_FOR_MS = 48 * 3_600_000;

/** What PostgreSQL reads as a number: an amount may be stored as text. */
const number = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?$";

/**
 * Confirmed sales that bear the event id of another that was sent before them, within 48 hours: Meta counted one of
 * each such row. Sales of one bot only, since another bot's pool may be of another pixel. One that is not flagged with
 * a time counts from its payment.
 */
export async function readFolded(tx: Tx, p: Columns, within: Fragment): Promise<RowFacts["folded"]> {
  const amount = p.text("amount");
  const [row] = await tx<{ count: string; amount: string | null }[]>`
    select count(*) as count, sum(case when amount ~ ${number} then amount::numeric end)::text as amount
    from (
      select s.amount, s.sent - lag(s.sent) over (partition by s.event_id, s.bot_id order by s.sent, s.id) as after
      from (
        select p.id, p.bot_id, p.meta_event_id as event_id, ${amount} as amount,
               coalesce(${p.instant("meta_purchase_sent_at")}, ${p.instant("paid_at")}, ${p.instant("created_at")})::numeric as sent
        from payments p
        where p.status = 'paid' and p.meta_event_id is not null and ${within}
      ) s
    ) f
    where f.after <= ${FOLDED_FOR_MS}::numeric`;
  return { count: Number(row?.count ?? 0), amount: parseAmount(row?.amount ?? "0") };
}
