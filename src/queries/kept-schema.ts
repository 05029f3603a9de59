/**
 * The second version: what operators attest, and what would otherwise vanish. Results leave Redis after an hour, tasks
 * as soon as they are done, logs when they are rotated.
 *
 * Nothing of a task's arguments is kept but event id and pixel; `event`, `position` and `stats` are plain data of
 * src/evidence/logs, which hold no token and nobody's data.
 */
export const keptSql = `
create table if not exists purchase_fix.attestation (
  id bigint generated always as identity primary key,
  run_id text not null references purchase_fix.run (id),
  from_at timestamptz not null,
  to_at timestamptz not null,
  pixel_id text,
  reason text not null check (reason <> ''),
  given_by text not null,
  given_at timestamptz not null default clock_timestamp(),
  withdrawn_at timestamptz,
  withdrawn_by text,
  withdrawn_because text,
  withdrawn_run_id text references purchase_fix.run (id),
  check (from_at < to_at)
);

create table if not exists purchase_fix.observation (
  task_id text primary key,
  event_id text,
  pixel_id text,
  state text,
  copies integer,
  first_seen_at timestamptz,
  last_seen_at timestamptz,
  result_status text check (result_status in ('SUCCESS', 'FAILURE', 'REVOKED')),
  result_outcome text check (result_outcome in ('accepted', 'refused', 'not-sent', 'unknown')),
  result_final boolean,
  result_done_at timestamptz,
  result_because text,
  noticed_at timestamptz not null default clock_timestamp(),
  observed_at timestamptz not null default clock_timestamp()
);

create index if not exists observation_observed on purchase_fix.observation (observed_at);

create table if not exists purchase_fix.log_event (
  log text not null,
  line bigint not null,
  kind text not null,
  at timestamptz not null,
  task_id text,
  unclaimed boolean not null,
  event jsonb not null,
  primary key (log, line, kind)
);

create index if not exists log_event_at on purchase_fix.log_event (at);
create index if not exists log_event_task on purchase_fix.log_event (task_id) where not unclaimed;

create table if not exists purchase_fix.log_position (
  log text primary key,
  lineage text not null,
  position jsonb not null,
  stats jsonb not null,
  read_at timestamptz not null default clock_timestamp()
);

insert into purchase_fix.version (version) values (2) on conflict do nothing;
`.trim();
