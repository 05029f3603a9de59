import { describe } from "vitest";
import type { Fault } from "./wells.js";
import { env, found, sql, test } from "./wells.js";

const ofDatabase: Readonly<Record<string, Fault>> = {
  "a column of the query is missing": {
    plant: sql("alter table payments drop column meta_purchase_sent_at"),
    alarms: ["column-missing payments.meta_purchase_sent_at"],
    mend: /^select current_database\(\)/,
    unknowns: ["pools", "rows"],
  },
  "a table is missing": {
    plant: sql("alter table bots rename to robots"),
    alarms: ["table-missing bots"],
    mend: /current_schemas/,
    unknowns: ["pools", "rows"],
  },
  "a column that resend needs is missing": {
    plant: sql("alter table payments drop column amount"),
    alarms: ["column-missing payments.amount"],
    mend: /^alter table payments add column amount numeric\(12,2\);/,
  },
  "the flag is a number": {
    plant: sql(
      "drop index payments_stuck",
      "alter table payments alter column meta_purchase_sent type integer using meta_purchase_sent::integer",
    ),
    alarms: ["column-type payments.meta_purchase_sent"],
    mend: /^alter table payments alter column meta_purchase_sent type boolean/,
    unknowns: ["rows"],
  },
  "the flag's time is text": {
    plant: sql("alter table payments alter column meta_purchase_sent_at type text"),
    alarms: ["column-type payments.meta_purchase_sent_at"],
    mend: /type timestamp using meta_purchase_sent_at::timestamp;$/,
    unknowns: ["rows"],
  },
  "the event id's column is too short": {
    plant: sql("alter table payments alter column meta_event_id type varchar(30)"),
    alarms: ["event-id-length payments.meta_event_id"],
    mend: /^alter table payments alter column meta_event_id type varchar\(256\);$/,
  },
  "pools without their bots": {
    plant: sql("alter table pool_bots rename to bots_of_pools"),
    alarms: ["table-missing pool_bots", "pools"],
    mend: /pg_tables/,
  },
  "the partial index is not valid": {
    plant: sql("update pg_index set indisvalid = false where indexrelid = 'payments_stuck'::regclass"),
    alarms: ["stuck-index"],
    mend: /^drop index concurrently payments_stuck; create index concurrently payments_stuck on payments \(created_at\) where status = 'paid' and meta_purchase_sent and meta_event_id is null;$/,
  },
  "a large table has an index that serves another query": {
    plant: sql(
      "drop index payments_stuck",
      "create index payments_pending on payments (created_at) where status = 'pending' and meta_event_id is null",
      "update pg_class set reltuples = 5000000 where oid = 'payments'::regclass",
    ),
    alarms: ["stuck-index"],
    mend: /^create index concurrently payments_stuck /,
  },
  "the server takes no writes": {
    plant: sql("alter role ROLE set default_transaction_read_only = on"),
    alarms: ["database-writable"],
    mend: /^alter role current_user reset default_transaction_read_only;$/,
  },
};

const ofRole: Readonly<Record<string, Fault>> = {
  "payments may not be read": {
    plant: sql("revoke select on payments from ROLE"),
    alarms: ["privilege-select payments"],
    mend: /^grant select on payments to doctored_\w+;$/,
    unknowns: ["rows"],
  },
  "one column may not be read": {
    plant: sql(
      "revoke select on redirect_pools from ROLE",
      "grant select (id, name, slug, meta_pixel_id, meta_tracking_enabled, meta_events_purchase, meta_test_event_code) on redirect_pools to ROLE",
    ),
    alarms: ["privilege-select redirect_pools"],
    mend: /^grant select \(meta_access_token\) on redirect_pools to doctored_\w+;$/,
    unknowns: ["pools"],
  },
  "the event id may not be written": {
    plant: sql("revoke update (meta_event_id) on payments from ROLE"),
    alarms: ["privilege-update"],
    mend: /^grant update \(meta_purchase_sent, meta_purchase_sent_at, meta_event_id\) on payments to doctored_\w+;$/,
  },
  "sales may be deleted": {
    plant: sql("grant delete on payments to ROLE"),
    alarms: ["privilege-delete-unneeded payments"],
    mend: /^revoke delete on payments from doctored_\w+;$/,
  },
  "pools may be changed": {
    plant: sql("grant update on redirect_pools to ROLE"),
    alarms: ["privilege-update-unneeded redirect_pools"],
    mend: /^revoke update on redirect_pools from doctored_\w+;/,
  },
  "the amount may be changed": {
    plant: sql("grant update (amount) on payments to ROLE"),
    alarms: ["privilege-update-unneeded payments"],
    mend: /^revoke update on payments .* grant update \(meta_purchase_sent, /,
  },
  "a superuser": {
    plant: sql("alter role ROLE superuser"),
    alarms: ["superuser"],
    mend: /^create role purchase_fix login;/,
  },
  "row-level security is passed by": {
    plant: sql("alter role ROLE bypassrls"),
    alarms: ["bypassrls"],
    mend: /^alter role doctored_\w+ nobypassrls;$/,
  },
  "roles may be made": {
    plant: sql("alter role ROLE createrole"),
    alarms: ["createrole"],
    mend: /^alter role doctored_\w+ nocreaterole;$/,
  },
  "bots are its own": {
    plant: sql("alter table bots owner to ROLE"),
    alarms: ["owner bots"],
    mend: /^create role purchase_fix login;/,
  },
  "a policy may hide sales": {
    plant: sql(
      "alter table payments enable row level security",
      "create policy see on payments for select using (true)",
    ),
    alarms: ["row-security"],
    mend: /from pg_policies where tablename in \('payments'\);$/,
  },
  "the journal may not be used": {
    plant: sql("revoke usage on schema purchase_fix from ROLE"),
    alarms: ["privilege-journal"],
    mend: /^grant usage on schema purchase_fix to doctored_\w+; grant select, insert, update on all tables/,
  },
};

const ofJournal: Readonly<Record<string, Fault>> = {
  "there is none, and this role may not make it": {
    plant: sql("drop schema purchase_fix cascade"),
    alarms: ["journal-schema"],
    mend: /^purchase-fix init --print \| psql /,
  },
  "it is newer than this program": {
    plant: sql("insert into purchase_fix.version (version) values (99)"),
    alarms: ["journal-schema"],
    mend: /^npm install -g purchase-fix@latest$/,
  },
  "it is older, and this role may not bring it up to date": {
    plant: sql("delete from purchase_fix.version where version > 1"),
    alarms: ["journal-schema"],
    mend: /^purchase-fix init --print \| psql /,
  },
  "it was written in another database": {
    plant: sql("update purchase_fix.home set database_oid = 1, database_name = 'loja_antiga'"),
    alarms: ["journal-home"],
    mend: /^purchase-fix init --adopt$/,
  },
};

const ofTime: Readonly<Record<string, Fault>> = {
  "the database's clock is wrong": {
    plant: async (well) => {
      await well.say(
        "create schema skewed",
        "create function skewed.clock_timestamp() returns timestamptz language sql as $$select pg_catalog.clock_timestamp() - interval '9 minutes'$$",
        `grant usage on schema skewed to ${well.role}`,
      );
      return { PGOPTIONS: "-c search_path=skewed,pg_catalog,public" };
    },
    alarms: ["clock-database"],
    mend: /^timedatectl set-ntp true$/,
  },
  "payments lie in the future, since their zone is wrong": {
    plant: env({ PURCHASE_FIX_DB_TIMEZONE: "America/Denver" }),
    alarms: ["zone"],
    mend: /^PURCHASE_FIX_DB_TIMEZONE=America\/Sao_Paulo$/,
  },
  "the newest payment of a busy shop is three hours old, since its zone is wrong": {
    plant: async (_, shop) => {
      for (let at = 0; at < 24; at += 1)
        await shop.sale({
          paidHoursAgo: at,
          createdHoursAgo: at + 0.1,
          metaEventId: `pageview_of_hour_${at}`,
        });
      return { PURCHASE_FIX_DB_TIMEZONE: "UTC" };
    },
    alarms: ["zone"],
    mend: /^PURCHASE_FIX_DB_TIMEZONE=America\/Sao_Paulo$/,
  },
};

for (const [family, faults] of Object.entries({
  database: ofDatabase,
  role: ofRole,
  journal: ofJournal,
  time: ofTime,
})) {
  describe.concurrent(
    `doctor finds a fault of the ${family}, and raises no other alarm`,
    { timeout: 60_000 },
    () => {
      test.for(Object.entries(faults))("%s", found);
    },
  );
}
