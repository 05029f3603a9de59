import type { ColumnFact, ShapeFacts } from "../ports.js";
import { written } from "./features.js";
import type { Finding } from "./finding.js";
import { findingsOf } from "./finding.js";

const finding = findingsOf("privileges");

export function isWritten(column: string): boolean {
  return (written as readonly string[]).includes(column);
}

const ROLE_OF_ITS_OWN = "create role purchase_fix login; -- and the grants of the README, Privileges";

/** What a mistake of ours, or whoever steals the password, could do beyond our work. */
export function tooMuch({ role, tables, columns }: ShapeFacts): Finding[] {
  if (role.superuser) {
    const what = `${role.name} is a superuser: nothing in this server is out of its reach`;
    return [
      finding("superuser", "warning", {
        what,
        why: "three columns are all that is written",
        mend: ROLE_OF_ITS_OWN,
      }),
    ];
  }
  const name = quoted(role.name);
  const bypass = `alter role ${name} nobypassrls;`;
  const others = columns.filter(
    ({ table, column, update }) => update && !(table === "payments" && isWritten(column)),
  );
  return [
    ...(role.bypassesRowSecurity
      ? [finding("bypassrls", "warning", { what: `${role.name} passes by row-level security`, mend: bypass })]
      : []),
    ...(role.createsRoles
      ? [
          finding("createrole", "warning", {
            what: `${role.name} may make roles`,
            mend: `alter role ${name} nocreaterole;`,
          }),
        ]
      : []),
    ...tables.flatMap((table) => tooMuchOn(table, others, role.name)),
  ];
}

function tooMuchOn(
  { table, owned, insert, delete: deletes, truncate }: ShapeFacts["tables"][number],
  others: readonly ColumnFact[],
  role: string,
): Finding[] {
  if (owned) {
    return [
      finding("owner", "warning", {
        subject: table,
        what: `${role} owns ${table}: it may change and drop it`,
        mend: ROLE_OF_ITS_OWN,
      }),
    ];
  }
  const verbs = [insert && "insert", deletes && "delete", truncate && "truncate"].filter(
    (verb) => verb !== false,
  );
  const updated = others.filter((one) => one.table === table).map(({ column }) => column);
  const again =
    table === "payments" ? ` grant update (${written.join(", ")}) on payments to ${quoted(role)};` : "";
  const shown =
    updated.length > 3
      ? `${updated.slice(0, 3).join(", ")} and ${updated.length - 3} more`
      : updated.join(", ");
  return [
    ...verbs.map((verb) =>
      finding(`privilege-${verb}-unneeded`, "warning", {
        subject: table,
        what: `${role} may ${verb} in ${table}`,
        mend: `revoke ${verb} on ${table} from ${quoted(role)};`,
      }),
    ),
    ...(updated.length === 0
      ? []
      : [
          finding("privilege-update-unneeded", "warning", {
            subject: table,
            what: `${role} may update ${table} beyond what is written (${shown})`,
            mend: `revoke update on ${table} from ${quoted(role)}; revoke update (${updated.join(", ")}) on ${table} from ${quoted(role)};${again}`,
          }),
        ]),
  ];
}

/** As SQL names a role. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
