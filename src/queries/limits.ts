/**
 * Limits of every transaction, set inside it: start-up options are refused by PgBouncer. A row lock of the application
 * is waited for 5 s, and a query whose client is gone ends within 2 s (PostgreSQL 14 and later know that check; what a
 * server does not know is left out). Texts of times and floats, which guards compare, are pinned too.
 */
const limits = {
  statement_timeout: "120000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "60000",
  client_connection_check_interval: "2000",
  jit: "off",
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  extra_float_digits: "1",
};

/** Asked of each setting by name: a join with all 350 of `pg_settings` took the server a millisecond a transaction. */
export const setLimits = `select ${Object.entries(limits)
  .map(
    ([name, value]) =>
      `case when current_setting('${name}', true) is not null then set_config('${name}', '${value}', true) end`,
  )
  .join(", ")}`;
