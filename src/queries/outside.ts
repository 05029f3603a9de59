import type { Outside, Span } from "../ports.js";
import { parseAmount } from "../sales/money.js";
import { DAY } from "../sales/sale.js";
import { ACCEPTED_FOR } from "../sales/verdict.js";
import type { Catalogue } from "./catalogue.js";
import type { Columns, Fragment } from "./columns.js";
import { columnsOf } from "./columns.js";
import type { Tx } from "./database.js";
import { inSpan, openSales } from "./states.js";

/** What PostgreSQL reads as a number: an amount may be stored as text, and one odd row must not end every window. */
const number = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?$";

/** Types of PostgreSQL that hold numbers, and beside them nothing but NaN and the infinities. */
const numeric = /^(numeric|double precision|real|bigint|integer|smallint)/;

/**
 * The pattern takes the server a sixth of the statement: where the column's type is one of numbers, what is none lies
 * beyond every bound.
 */
function amountOf(tx: Tx, catalogue: Catalogue, payments: Columns): Fragment {
  const text = payments.text("amount");
  const isNumber = numeric.test(catalogue.type("payments", "amount") ?? "")
    ? tx`${payments.plain("amount")} between -1e308 and 1e308`
    : tx`${text} ~ ${number}`;
  return tx`case when ${isNumber} then ${text}::numeric end`;
}

/** What a window would list if it reached further: stuck sales, and those that we reverted and nobody sent since. */
export async function outsideSpan(
  tx: Tx,
  catalogue: Catalogue,
  span: Span,
  now: number,
  timeZone: string,
): Promise<Outside> {
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  const amount = amountOf(tx, catalogue, p);
  const oldest = now - ACCEPTED_FOR;
  const sales = (state: Fragment) => tx`
      select ${amount} as amount,
             coalesce(${p.instant("paid_at")}, ${p.instant("created_at")})::numeric as paid
      from payments p join bots b on p.bot_id = b.id
      where ${state}
        and not coalesce((${inSpan(tx, catalogue, span, timeZone)}), false)`;
  const [row] = await tx<{ count: string; amount: string | null; soon: string }[]>`
    select count(*) as count, sum(amount)::text as amount,
           count(*) filter (where paid > ${oldest}::numeric and paid <= ${oldest + DAY}::numeric) as soon
    from (${openSales(tx, catalogue, sales)}) sales`;
  return {
    count: Number(row?.count ?? 0),
    amount: parseAmount(row?.amount ?? "0") ?? "0.00",
    expiringSoon: Number(row?.soon ?? 0),
  };
}
