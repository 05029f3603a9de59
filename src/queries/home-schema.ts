/**
 * The third version: where the journal was made, and what `undo` makes of a row.
 *
 * A journal that is restored elsewhere knows of nothing that its origin did since: two of them would send one sale
 * twice. Only `init --adopt` adds a row to `home`; the newest holds. Who may not read the system's identifier leaves
 * it out. The block is PL/pgSQL since a plain statement would be refused as a whole where that function is not ours.
 */
export const homeSql = `
create table if not exists purchase_fix.home (
  id bigint generated always as identity primary key,
  system_identifier text,
  database_name text not null,
  database_oid bigint not null,
  schema_oid bigint not null,
  run_id text references purchase_fix.run (id),
  adopted_by text,
  at timestamptz not null default clock_timestamp()
);

do $$
declare
  system text;
begin
  if has_function_privilege('pg_catalog.pg_control_system()', 'execute') then
    select c.system_identifier::text into system from pg_catalog.pg_control_system() c;
  end if;
  insert into purchase_fix.home (system_identifier, database_name, database_oid, schema_oid)
  select system, d.datname, d.oid::bigint, n.oid::bigint
  from pg_catalog.pg_database d, pg_catalog.pg_namespace n
  where d.datname = current_database() and n.nspname = 'purchase_fix'
    and not exists (select from purchase_fix.home);
end $$;

alter table purchase_fix.attempt drop constraint if exists attempt_effect_check;
alter table purchase_fix.attempt add constraint attempt_effect_check
  check (effect in ('confirmed', 'reverted', 'restored', 'kept', 'overtaken'));

insert into purchase_fix.version (version) values (3) on conflict do nothing;
`.trim();
