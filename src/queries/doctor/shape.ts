import type { ColumnFact, ShapeFacts, TableFact } from "../../ports.js";
import { tables } from "../catalogue.js";
import type { Tx } from "../database.js";

/** The shop's tables and columns as the catalogue has them, missing ones included by their absence; and the role. */
export async function readShape(tx: Tx): Promise<ShapeFacts> {
  const found = await tx<TableFact[]>`
    select t.name as "table", pg_has_role(c.relowner, 'usage') as owned,
           has_table_privilege(c.oid, 'insert') as "insert", has_table_privilege(c.oid, 'delete') as "delete",
           has_table_privilege(c.oid, 'truncate') as "truncate", row_security_active(c.oid) as filtered
    from jsonb_array_elements_text(${tx.json(tables)}::jsonb) with ordinality t(name, place)
    join pg_catalog.pg_class c on c.oid = to_regclass(t.name)
    order by t.place`;
  const columns = await tx<ColumnFact[]>`
    select t.name as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type,
           has_column_privilege(a.attrelid, a.attnum, 'select') as "select",
           has_column_privilege(a.attrelid, a.attnum, 'update') as "update"
    from jsonb_array_elements_text(${tx.json(tables)}::jsonb) t(name)
    join pg_catalog.pg_attribute a
      on a.attrelid = to_regclass(t.name) and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum`;
  const [role] = await tx<ShapeFacts["role"][]>`
    select r.rolname::text as name, r.rolsuper as superuser, r.rolbypassrls as "bypassesRowSecurity",
           r.rolcreaterole as "createsRoles",
           coalesce(has_column_privilege(to_regclass('payments'), 'xmin', 'select'), true) as "readsXmin"
    from pg_catalog.pg_roles r where r.rolname = current_user`;
  if (role === undefined) throw new RangeError("a session without a role");
  return { tables: found, columns, role };
}
