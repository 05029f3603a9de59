import { join } from "node:path";
import { findPassword } from "./connection/passfile.js";
import type { Login } from "./connection/passfile.js";
import { merge } from "./connection/parameters.js";
import type { Findings, Parameters } from "./connection/parameters.js";
import { resolveSsl } from "./connection/tls.js";
import type { Ssl, Surroundings } from "./connection/tls.js";
import { parseUrl } from "./connection/url.js";
import { KnownErrors } from "./errors.js";
import type { Files } from "./files.js";
import { Secret } from "./redact.js";

/** All that decides where and how to connect; nothing else is looked at. */
export interface ConnectionInput extends Surroundings {
  /** DATABASE_URL, or null. */
  readonly url: string | null;
  /** The PG* variables fill in what the URL leaves out, as in libpq. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The operating system's user: the database user of last resort. */
  readonly user: string | null;
}

/** One way to one server, the same for both drivers; `connection/drivers.ts` puts it in their words. */
export interface Connection {
  /** What to connect to: a name, an address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  /** The unix socket itself, or null for TCP. */
  readonly socketPath: string | null;
  readonly database: string;
  readonly user: string;
  readonly password: Secret | null;
  readonly ssl: Ssl;
  /** libpq's `options`, such as `-c search_path=shop`: sent at the start, which PgBouncer may refuse. */
  readonly options: string | null;
  /** Milliseconds; 0 waits for ever. */
  readonly connectTimeoutMs: number;
  readonly warnings: readonly string[];
  /** "host:port/database as user", for questions and errors. */
  describe(): string;
}

/** libpq waits for ever; an operator in an incident should not. */
const defaultConnectTimeoutSeconds = 10;

/** Debian's and upstream's folder of the server's unix socket; libpq's own default is compiled in. */
const socketFolders = ["/var/run/postgresql", "/tmp"];

/**
 * Where and how to connect, with libpq's meaning: URL > PG* > password file > defaults.
 * @throws KnownErrors with every problem found; none of them shows a password
 */
export function resolveConnection(input: ConnectionInput): Connection {
  const findings: Findings = { problems: [], warnings: [] };
  const given = merge(input.url === null ? new Map() : parseUrl(input.url), input.env, findings);
  const connection = build(given, input, findings);
  if (findings.problems.length > 0) throw new KnownErrors(findings.problems);
  return connection;
}

function build(given: Parameters, input: ConnectionInput, findings: Findings): Connection {
  const service = given.get("service");
  if (service !== undefined) {
    findings.problems.push({
      what: `${service.from}: service files are not read`,
      next: "give DATABASE_URL, or PGHOST, PGDATABASE and PGUSER",
    });
  }
  const seconds = wholeNumber(given, "connect_timeout", [0, 86_400], defaultConnectTimeoutSeconds, findings);
  const place = placeOf(given, input, findings);
  const { name, port, socketPath } = place;
  const login = loginOf(given, input, place, findings);
  return {
    ...login,
    host: place.host,
    port,
    socketPath,
    ssl: resolveSsl(given, input, { name, overSocket: socketPath !== null }, findings),
    options: given.get("options")?.value ?? null,
    connectTimeoutMs: seconds * 1000,
    warnings: findings.warnings,
    describe: () => `${name.includes(":") ? `[${name}]` : name}:${port}/${login.database} as ${login.user}`,
  };
}

/** The server under the name that users and certificates know (`name`), and what to connect to (`host`). */
interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | null;
}

function placeOf(given: Parameters, { files }: Surroundings, findings: Findings): Place {
  const port = wholeNumber(given, "port", [1, 65_535], 5432, findings);
  const address = given.get("hostaddr")?.value;
  const name = given.get("host")?.value ?? address ?? usualHost(files, port);
  const host = name.startsWith("/") ? name : (address ?? name);
  if (`${name}${host}`.includes(",")) {
    findings.problems.push({
      what: "Several database hosts are given",
      why: "what is written and what checks it must reach the same server",
      next: "name the one that takes writes",
    });
  }
  return { name, host, port, socketPath: host.startsWith("/") ? join(host, `.s.PGSQL.${port}`) : null };
}

function loginOf(given: Parameters, input: ConnectionInput, { name, port }: Place, findings: Findings) {
  const user = given.get("user")?.value ?? input.user ?? "";
  if (user === "") {
    findings.problems.push({ what: "No database user is given", next: "put it into DATABASE_URL or PGUSER" });
  }
  const database = given.get("dbname")?.value ?? user;
  // libpq looks its own socket folder up as "localhost".
  const hosts = socketFolders.includes(name) ? ["localhost", name] : [name];
  const password =
    given.get("password")?.value ?? fromPassfile(given, input, { hosts, port, database, user }, findings);
  return { user, database, password: password === null ? null : new Secret(password) };
}

function usualHost(files: Files, port: number): string {
  return socketFolders.find((folder) => files.mode(join(folder, `.s.PGSQL.${port}`)) !== null) ?? "localhost";
}

function wholeNumber(
  given: Parameters,
  keyword: "port" | "connect_timeout",
  [least, most]: readonly [number, number],
  usual: number,
  { problems }: Findings,
): number {
  const { value, from } = given.get(keyword) ?? { value: String(usual), from: keyword };
  const number = /^\d{1,6}$/.test(value) ? Number(value) : -1;
  if (number >= least && number <= most) return number;
  problems.push({ what: `${from} is not a whole number from ${least} to ${most}` });
  return usual;
}

/** A password file that others can read counts for nothing, as in libpq. */
function fromPassfile(
  given: Parameters,
  at: Surroundings,
  login: Login,
  { warnings }: Findings,
): string | null {
  const named = given.get("passfile");
  const path = named?.value ?? (at.home === null ? null : join(at.home, ".pgpass"));
  const text = path === null ? null : at.files.read(path);
  if (path === null || text === null) {
    if (named !== undefined) warnings.push(`The password file of ${named.from} is missing or cannot be read`);
    return null;
  }
  if (((at.files.mode(path) ?? 0) & 0o077) === 0) return findPassword(text, login);
  warnings.push(`Password file ${path} can be read by others, so it is ignored: chmod 600 it`);
  return null;
}
