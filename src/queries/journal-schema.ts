import { homeSql } from "./home-schema.js";
import { keptSql } from "./kept-schema.js";
import { unattendedSql } from "./unattended-schema.js";

/**
 * The first version: the journal, in the shop's own PostgreSQL: several hosts share it, and it commits in one transaction with the row that
 * it describes.
 *
 * `attempt_unsettled` is the promise that a sale has at most one attempt without an answer, whoever runs.
 */
const journalSql = `
create schema if not exists purchase_fix;

create table if not exists purchase_fix.version (
  version integer primary key,
  applied_at timestamptz not null default clock_timestamp()
);

create table if not exists purchase_fix.run (
  id text primary key,
  command text not null,
  host text not null,
  user_name text not null,
  pid integer not null,
  program_version text not null,
  token bigint not null,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  summary jsonb
);

create table if not exists purchase_fix.lease (
  name text primary key,
  token bigint not null,
  run_id text not null,
  expires_at timestamptz not null
);

create table if not exists purchase_fix.attempt (
  id bigint generated always as identity primary key,
  run_id text not null references purchase_fix.run (id),
  sale_id bigint not null,
  event_id text,
  event_id_origin text,
  pixel_id text,
  flagged_before boolean,
  flagged_at_before text,
  flagged_at_before_instant timestamptz,
  flagged_at_claimed text,
  meta_event_id_before text,
  flagged_after boolean,
  flagged_at_after text,
  meta_event_id_after text,
  answer text check (answer in ('accepted', 'refused', 'unconfirmed', 'not-sent')),
  effect text check (effect in ('confirmed', 'reverted', 'kept', 'overtaken')),
  http_status integer,
  code integer,
  subcode integer,
  fbtrace_id text,
  because text,
  attempted_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz
);

create index if not exists attempt_sale on purchase_fix.attempt (sale_id, id);
create index if not exists attempt_run on purchase_fix.attempt (run_id, id);
create index if not exists attempt_reverted on purchase_fix.attempt (sale_id) where effect = 'reverted';
create unique index if not exists attempt_unsettled on purchase_fix.attempt (sale_id) where settled_at is null;

insert into purchase_fix.version (version) values (1) on conflict do nothing;
`.trim();

/**
 * What makes each version out of the one before, the oldest first. What once stood here stays as it is: a version is
 * never applied twice, and databases of every one of them are out there.
 */
export const migrations: readonly { readonly version: number; readonly sql: string }[] = [
  { version: 1, sql: journalSql },
  { version: 2, sql: keptSql },
  { version: 3, sql: homeSql },
  { version: 4, sql: unattendedSql },
];

/** The version of the schema that this build reads and writes. */
export const SCHEMA_VERSION = 4;

/** All versions, for a role that may create schemas: `init --print`. It does no harm to a database that has some of them. */
export const schemaSql = migrations.map(({ sql }) => sql).join("\n\n");
