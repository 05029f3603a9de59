/**
 * The fourth version: what unattended runs remember. Why an attempt failed and whose fault that was, so that a sale
 * which spoils its request is tried ever more seldom and no other pays for it; when a run last came to its end; and
 * what people decided about sales that no run can mend.
 *
 * `success` has one row per command: a run every minute that finds nothing to do adds none.
 */
export const unattendedSql = `
alter table purchase_fix.attempt add column if not exists cause text;
alter table purchase_fix.attempt add column if not exists blame text;
alter table purchase_fix.attempt add column if not exists events integer;
alter table purchase_fix.attempt drop constraint if exists attempt_blame_check;
alter table purchase_fix.attempt add constraint attempt_blame_check check (blame in ('sale', 'pixel', 'network'));

create table if not exists purchase_fix.success (
  command text primary key,
  began_at timestamptz not null,
  since timestamptz not null,
  ended_at timestamptz not null default clock_timestamp(),
  run_id text references purchase_fix.run (id),
  summary jsonb
);

create table if not exists purchase_fix.release (
  id bigint generated always as identity primary key,
  run_id text not null references purchase_fix.run (id),
  sale_id bigint not null,
  reason text not null check (reason <> ''),
  given_by text not null,
  given_at timestamptz not null default clock_timestamp()
);

create index if not exists release_sale on purchase_fix.release (sale_id, id);

create table if not exists purchase_fix.acknowledgement (
  id bigint generated always as identity primary key,
  run_id text not null references purchase_fix.run (id),
  sale_id bigint not null,
  reason text not null check (reason <> ''),
  given_by text not null,
  given_at timestamptz not null default clock_timestamp(),
  withdrawn_at timestamptz,
  withdrawn_by text,
  withdrawn_because text,
  withdrawn_run_id text references purchase_fix.run (id)
);

create unique index if not exists acknowledgement_standing on purchase_fix.acknowledgement (sale_id)
where withdrawn_at is null;

insert into purchase_fix.version (version) values (4) on conflict do nothing;
`.trim();
