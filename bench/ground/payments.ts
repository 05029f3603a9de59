/*
 * Rows of the shop's payments, made by one statement: a million take some ten seconds. All is reckoned from the row's
 * number, so that two runs differ in nothing but the clock.
 */

/** Payments a day; a shop of 10 million rows has existed for a year. */
const PER_DAY = 27_400;
/** Of the paid ones of the last seven days: workers that died now and then. */
const STUCK_OF = 50;

const columns = `id, bot_id, payment_id, status, amount, product_name, customer_user_id, customer_name,
  customer_email, customer_phone, pageview_event_id, delivery_token, purchase_sent_from_delivery, meta_purchase_sent,
  meta_purchase_sent_at, meta_event_id, created_at, updated_at, paid_at`;

/** What is the same for every row, of a number `n` and a moment `t` of its payment, in Brazil's local time. */
const common = `n, 1 + n % 4, 'BOT' || (1 + n % 4) || '_' || n, case when paid then 'paid' else 'pending' end,
  (1990 + n % 20000) / 100.0, 'Curso de música', 'user_' || (7000000000 + n), 'Cliente ' || n,
  'cliente' || n || '@example.com', '+5511' || (900000000 + n % 99999999), 'pageview_' || md5(n::text),
  'delivery' || n, false`;

/** A year of a shop, of which the last week has stuck sales. */
export function shopOf(count: number): string {
  return `
    insert into payments (${columns})
    select ${common}, paid, case when paid then t + interval '2 minutes' end,
           case when paid and not stuck then 'pageview_' || md5(n::text) end,
           t - interval '3 minutes', t + interval '2 minutes', case when paid then t end
    from (
      select n, t, paid, paid and n / 5 % ${STUCK_OF} = 0 and age < interval '7 days'
             -- Two runs a few seconds apart must find the same sales, so none stands at the edge of a window.
             and age not between interval '23 hours' and interval '25 hours'
             and age not between interval '166 hours' and interval '169 hours' as stuck
      from (
        select n, n % 5 < 3 as paid, age, (now() at time zone 'America/Sao_Paulo') - age as t
        from (select n, interval '1 hour' + (${count} - n) * interval '1 day' / ${PER_DAY}.0 as age from generate_series(1, ${count}) n) a
      ) b
    ) c`;
}

/**
 * Nothing but stuck sales, paid 20 to 40 hours ago: young enough to be sent, and too old for the application's own
 * retries, so that a window of them may be reverted.
 */
export function stuckOnly(count: number): string {
  return `
    insert into payments (${columns})
    select ${common}, true, t + interval '2 minutes', null, t - interval '3 minutes', t + interval '2 minutes', t
    from (
      select n, true as paid,
             (now() at time zone 'America/Sao_Paulo') - interval '20 hours' - n * interval '20 hours' / ${count} as t
      from generate_series(1, ${count}) n
    ) a`;
}

/** Every other customer is known from Telegram. */
export function customersOf(count: number): string {
  return `
    insert into bot_users (bot_id, telegram_user_id, ip_address, user_agent)
    select 1 + n % 4, (7000000000 + n)::text, '203.0.113.7',
           'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36'
    from generate_series(1, ${count}, 2) n`;
}

/** The partial index of the stuck sales: its predicate is that of the query, literally. */
export const partialIndex = `create index payments_stuck on payments (created_at)
  where meta_purchase_sent and meta_event_id is null and status = 'paid'`;

/** The other index of `doctor`, by which sales of one click are found. */
export const clickIndex = `create index payments_click on payments (pageview_event_id)
  where pageview_event_id is not null`;
