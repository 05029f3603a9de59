import type { ColumnFact, ServerFacts, ShapeFacts } from "../ports.js";
import type { Need } from "./features.js";
import { fits, needs } from "./features.js";
import type { Finding } from "./finding.js";
import { findingsOf } from "./finding.js";

const finding = findingsOf("database");

/** `client_connection_check_interval`, by which a query ends when its client is gone, came with 14; 12 is what tests reach back to. */
const OLDEST = 12_00_00;

/** Event ids of the application have 41 characters (`pageview_` and 32 digits); a delivery page may pass on longer ones. */
const SHORTEST_EVENT_ID = 64;

/** The server: reached, new enough, and taking writes. */
export function judgeServer({ place, version, versionNumber, readOnly }: ServerFacts): Finding[] {
  const reached = finding("database-reachable", "ok", { what: `PostgreSQL ${version} at ${place}` });
  const old =
    versionNumber >= OLDEST
      ? []
      : [
          finding("database-version", "warning", {
            what: `PostgreSQL ${version} is older than what this program is tested with`,
            mend: "upgrade PostgreSQL to a version that is still supported (14 or later)",
          }),
        ];
  if (readOnly === null) return [reached, ...old];
  const what =
    readOnly === "standby" ? "this server is a standby: it takes no writes" : "this role starts read-only";
  const mend =
    readOnly === "standby"
      ? "name the primary in DATABASE_URL"
      : "alter role current_user reset default_transaction_read_only;";
  const why = "resend, revert, confirm, undo, attest and observe need to write";
  return [reached, ...old, finding("database-writable", "warning", { what, why, mend })];
}

/** Each column and type that a feature needs. */
export function judgeColumns({ tables, columns }: ShapeFacts): Finding[] {
  const present = new Map(columns.map((one) => [`${one.table}.${one.column}`, one]));
  const hasTable = new Set(tables.map(({ table }) => table));
  const found = needs.flatMap((need) => {
    const column = present.get(`${need.table}.${need.column}`);
    if (column !== undefined) return typeOf(need, column);
    return hasTable.has(need.table) ? [missing(need)] : [];
  });
  // A shop without pools is served by META_PIXEL_ID; no shop is without these.
  for (const table of ["payments", "bots"]) if (!hasTable.has(table)) found.push(withoutTable(table));
  const [pools, links] = [hasTable.has("redirect_pools"), hasTable.has("pool_bots")];
  if (pools !== links) {
    const [there, not] = pools ? ["redirect_pools", "pool_bots"] : ["pool_bots", "redirect_pools"];
    found.push(
      finding("table-missing", "warning", {
        subject: not,
        what: `there is ${there}, and no ${not} that this role's search_path finds`,
        why: "resend: pools count only where both are there",
        mend: "select schemaname, tablename from pg_tables where tablename in ('redirect_pools', 'pool_bots');",
      }),
    );
  }
  if (found.some(({ level }) => level !== "note")) return found;
  return [
    finding("columns", "ok", { what: "every column that a feature needs is there, with a fit type" }),
    ...found,
  ];
}

const levels = { must: "fault", should: "warning", may: "note" } as const;

const WHERE_AM_I = "select current_database(), current_schemas(false), to_regclass('payments');";

function withoutTable(table: string): Finding {
  return finding("table-missing", "fault", {
    subject: table,
    what: `there is no table ${table} that this role's search_path finds`,
    why: "no command that reads sales works: is this the shop's database, and its schema?",
    mend: WHERE_AM_I,
  });
}

function missing({ table, column, need, feature, without, kind }: Need): Finding {
  const name = `${table}.${column}`;
  return finding("column-missing", levels[need], {
    subject: name,
    what: `there is no ${name}`,
    why: `${feature}: ${without}`,
    mend:
      need === "must"
        ? WHERE_AM_I
        : need === "should"
          ? `alter table ${table} add column ${column} ${wanted[kind]}; -- and let the application fill it`
          : null,
  });
}

const wanted = {
  id: "integer",
  text: "varchar(255)",
  truth: "boolean",
  moment: "timestamp",
  money: "numeric(12,2)",
};

function typeOf({ table, column, kind, need, feature }: Need, { type }: ColumnFact): Finding[] {
  const name = `${table}.${column}`;
  if (!fits(kind, type, column === "status")) {
    return [
      finding("column-type", need === "must" ? "fault" : "warning", {
        subject: name,
        what: `${name} is ${type}`,
        why: `${feature} need${need === "must" ? "s" : ""} ${wanted[kind]} there`,
        mend: `alter table ${table} alter column ${column} type ${wanted[kind]} using ${column}::${wanted[kind]};`,
      }),
    ];
  }
  const length = Number(/\((\d+)\)$/.exec(type)?.[1] ?? Infinity);
  if (column !== "meta_event_id" || length >= SHORTEST_EVENT_ID) return [];
  return [
    finding("event-id-length", "warning", {
      subject: name,
      what: `${name} holds ${length} characters only`,
      why: "a longer event id is cut, and two sales may look like one",
      mend: `alter table ${table} alter column ${column} type varchar(256);`,
    }),
  ];
}
