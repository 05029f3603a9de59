import { KnownError, TableLocked, WriteRefused } from "../errors.js";
import { redact } from "../redact.js";

/** What PostgreSQL and the network say, as far as an operator can do something about it (PostgreSQL, appendix A). */
const known: Readonly<Record<string, (detail: string, where: string) => { what: string; next: string }>> = {
  ECONNREFUSED: (_, where) => ({
    what: `Cannot reach the database at ${where}`,
    next: "check that the server runs and that DATABASE_URL (or PGHOST, PGPORT) names it",
  }),
  ENOTFOUND: (_, where) => ({
    what: `Cannot find the database's host: ${where}`,
    next: "check the host name in DATABASE_URL (or PGHOST)",
  }),
  CONNECT_TIMEOUT: (_, where) => ({
    what: `The database at ${where} did not answer in time`,
    next: "check host, port and firewall; connect_timeout in DATABASE_URL sets the limit",
  }),
  READ_TIMEOUT: (_, where) => ({
    what: `The database at ${where} stopped answering`,
    next: "look for locks and long transactions in pg_stat_activity, then at the host and the network",
  }),
  "28P01": (_, where) => ({
    what: `The database refused the password: ${where}`,
    next: "check the password in DATABASE_URL, PGPASSWORD or ~/.pgpass",
  }),
  "28000": (_, where) => ({
    what: `The database refused the login: ${where}`,
    next: "check user, sslmode and the server's pg_hba.conf",
  }),
  "3D000": (_, where) => ({
    what: `There is no such database: ${where}`,
    next: "check the database name in DATABASE_URL (or PGDATABASE)",
  }),
  "42501": (_, where) => ({
    what: `The database role lacks a privilege (${where})`,
    next: "grant it, or use a role that has it; see README, Privileges",
  }),
  "25006": (_, where) => ({
    what: `The database accepts no writes: ${where}`,
    next: "connect to the primary, or to a role without default_transaction_read_only",
  }),
  TLS: (_, where) => ({
    what: `The database's certificate was not accepted: ${where}`,
    next: "give its authority with sslrootcert (PGSSLROOTCERT), or choose another sslmode",
  }),
  NO_TLS: (_, where) => ({
    what: `The database at ${where} offers no TLS, which sslmode demands`,
    next: "switch TLS on at the server, or choose another sslmode (PGSSLMODE)",
  }),
  "55P03": () => ({
    what: "A table or row stayed locked by somebody else for 5 seconds",
    next: "try again; if it goes on, look for long transactions in pg_stat_activity",
  }),
  "40P01": () => ({
    what: "The database broke a deadlock between our write and somebody else's",
    next: "try again; if it goes on, look at what the shop's triggers on payments lock",
  }),
  REFUSED: () => ({
    what: "The database refused the write (a constraint, a trigger or a row security policy of the shop)",
    next: "have the shop's constraints, triggers and policies on payments looked at",
  }),
  "57014": () => ({
    what: "A statement took longer than 2 minutes and was given up",
    next: "use a shorter window (--hours), or add the partial index of docs/operating.md",
  }),
};

const sameAs: Readonly<Record<string, string>> = {
  EHOSTUNREACH: "ECONNREFUSED",
  ECONNRESET: "ECONNREFUSED",
  ENOENT: "ECONNREFUSED", // a unix socket that is not there
  CONNECTION_CLOSED: "ECONNREFUSED",
  CONNECTION_ENDED: "ECONNREFUSED",
  CONNECTION_DESTROYED: "ECONNREFUSED",
  EAI_AGAIN: "ENOTFOUND",
  ETIMEDOUT: "CONNECT_TIMEOUT",
  "28P00": "28P01",
  "57P01": "ECONNREFUSED",
  "57P03": "ECONNREFUSED",
};

/** Node's codes for a certificate or a handshake that came to nothing: some forty, of which none may pass for a defect. */
const ofTls =
  /^(?:ERR_(?:TLS|SSL|OSSL)_|CERT_|UNABLE_TO_(?:VERIFY|GET)_)|SELF_SIGNED_CERT|^HOSTNAME_MISMATCH$/;

/** What pg 8.23 gives no code to. */
const byMessage: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/i, "NO_TLS"],
  [/^timeout expired$/, "CONNECT_TIMEOUT"],
  [/^Query read timeout$/, "READ_TIMEOUT"],
];

/** Turns an error of the driver into one that says what to do; leaves everything else as it is. */
export function explain(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof KnownError) return error;
  // A host name with several addresses fails with one error for each, and an empty message of its own.
  const first =
    error instanceof AggregateError ? error.errors.find((one) => one instanceof Error) : undefined;
  const cause: Error = first ?? error;
  const told = byMessage.find(([words]) => words.test(cause.message))?.[1];
  const raw = told ?? (cause as { code?: unknown }).code;
  if (typeof raw !== "string") return error;
  const code = ofTls.test(raw) ? "TLS" : raw;
  const refused =
    /^(23|44|45|P0)/.test(code) ||
    isOfPolicy(cause) ||
    (!(code in known) && !(code in sameAs) && isOfFunction(cause));
  const text = known[refused ? "REFUSED" : (sameAs[code] ?? code)];
  if (!text) return error;
  // Whoever lost a deadlock wrote nothing: the rows are as if locked, and are tried again.
  const Kind = refused ? WriteRefused : /^(55P03|40P01)$/.test(code) ? TableLocked : KnownError;
  return new Kind({ ...text(code, where), why: redact(cause.message) }, { cause: error });
}

/**
 * A row security policy (`with check`) forbids what one row would become: its code is that of a missing privilege, which
 * no grant mends and which would end the run for all other rows. The message comes in the server's language; this is the
 * function in PostgreSQL that checks it.
 */
function isOfPolicy(error: Error): boolean {
  return (error as { routine?: unknown }).routine === "ExecWithCheckOptions";
}

/** Statements of ours call no function of the shop's: where PostgreSQL names one, a trigger failed, with whatever code. */
function isOfFunction(error: Error): boolean {
  const { where } = error as { where?: unknown };
  return typeof where === "string" && /\bfunction\b/.test(where);
}
