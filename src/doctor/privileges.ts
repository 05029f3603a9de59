import type { ColumnFact, ShapeFacts } from "../ports.js";
import { needs, used, written } from "./features.js";
import type { Finding } from "./finding.js";
import { findingsOf } from "./finding.js";
import { isWritten, quoted, tooMuch } from "./too-much.js";

const finding = findingsOf("privileges");

/** Too few privileges, by feature, and too many. What a superuser has too much says the one word. */
export function judgePrivileges(facts: ShapeFacts): Finding[] {
  const { role } = facts;
  const name = quoted(role.name);
  const own = [...filtered(facts), ...tooMuch(facts)];
  const found = role.superuser ? own : [...tooFew(facts, name), ...own];
  if (found.length > 0) return found;
  return [finding("privileges", "ok", { what: `${role.name} has what is needed and no more` })];
}

function tooFew({ columns, role }: ShapeFacts, name: string): Finding[] {
  const isUsed = ({ table, column }: ColumnFact): boolean =>
    used[table]?.includes(column) === true ||
    needs.some((one) => one.table === table && one.column === column);
  const unread = columns.filter((column) => !column.select && isUsed(column));
  const tables = [...new Set(unread.map(({ table }) => table))];
  const unwritten = columns.filter(
    ({ table, column, update }) => table === "payments" && isWritten(column) && !update,
  );
  return [
    ...tables.map((table) => {
      const names = unread.filter((one) => one.table === table).map(({ column }) => column);
      const all = columns.filter((one) => one.table === table && isUsed(one)).length === names.length;
      const must = table === "payments" || table === "bots";
      return finding("privilege-select", must ? "fault" : "warning", {
        subject: table,
        what: `${role.name} may not read ${all ? table : `${table} (${names.join(", ")})`}`,
        why: must
          ? "no command that reads sales works"
          : "resend: pixel, token or customer of a sale are missing",
        mend: `grant select${all ? "" : ` (${names.join(", ")})`} on ${table} to ${name};`,
      });
    }),
    ...(unwritten.length === 0
      ? []
      : [
          finding("privilege-update", "warning", {
            what: `${role.name} may not update ${unwritten.map(({ column }) => `payments.${column}`).join(", ")}`,
            why: "resend, revert, confirm, undo: they end before they begin; looking works",
            mend: `grant update (${written.join(", ")}) on payments to ${name};`,
          }),
        ]),
    ...(role.readsXmin || unread.some(({ table }) => table === "payments")
      ? []
      : [
          finding("privilege-xmin", "warning", {
            what: `${role.name} may not read payments.xmin`,
            why: "the second session, which reads back what was written, knows our own writes by it",
            mend: `grant select (xmin) on payments to ${name};`,
          }),
        ]),
  ];
}

/** Policies withhold rows without a word. */
function filtered({ tables }: ShapeFacts): Finding[] {
  const names = tables.filter((one) => one.filtered).map(({ table }) => table);
  if (names.length === 0) return [];
  return [
    finding("row-security", "warning", {
      what: `row-level security holds for this role on ${names.join(", ")}`,
      why: "rows that its policies hide are missing in every list, and nobody is told of them",
      mend: `select tablename, policyname, cmd, qual from pg_policies where tablename in (${names.map((one) => `'${one}'`).join(", ")});`,
    }),
  ];
}
