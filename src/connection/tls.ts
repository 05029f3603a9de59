import { join } from "node:path";
import type { Files } from "../files.js";
import { Secret } from "../redact.js";
import type { Findings, Given, Keyword, Parameters } from "./parameters.js";

export const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

/** How the connection is encrypted, with libpq's meaning of each mode ("SSL Support", table of modes). */
export interface Ssl {
  readonly mode: SslMode;
  /** PEM of the only authorities to trust; null is Node's own list, or nobody at all where the mode does not verify. */
  readonly ca: string | null;
  /** PEM of our own certificate and its key, where the server wants one. */
  readonly cert: string | null;
  readonly key: Secret | null;
  /** The name to ask for and, with verify-full, to find in the certificate. */
  readonly servername: string;
}

/** Where to look for what the parameters do not name. */
export interface Surroundings {
  readonly files: Files;
  readonly home: string | null;
}

const plain: Omit<Ssl, "servername"> = { mode: "disable", ca: null, cert: null, key: null };

/** libpq's rules for sslmode, sslrootcert, sslcert and sslkey; over a unix socket there is no TLS, whatever they say. */
export function resolveSsl(
  given: Parameters,
  at: Surroundings,
  place: { name: string; overSocket: boolean },
  findings: Findings,
): Ssl {
  const mode = modeOf(given, findings);
  if (place.overSocket || mode === "disable") return { ...plain, servername: place.name };
  if (mode === "allow" || mode === "prefer") {
    if (given.has("sslcert")) {
      findings.warnings.push(`The client certificate is not used with sslmode=${mode}: say sslmode=require`);
    }
    return { ...plain, mode, servername: place.name };
  }
  const { ca, verified } = authorities(given, at, mode, findings);
  return { mode: verified, ca, ...ownCertificate(given, at, findings), servername: place.name };
}

function modeOf(given: Parameters, { problems }: Findings): SslMode {
  const wanted = given.get("sslmode") ?? fromSsl(given.get("ssl"));
  const system = given.get("sslrootcert")?.value === "system";
  const mode = sslModes.find((known) => known === (wanted?.value ?? (system ? "verify-full" : "prefer")));
  if (mode === undefined) {
    problems.push({
      what: `${wanted?.from} is not an sslmode`,
      next: `use one of ${sslModes.join(", ")}`,
    });
    return "disable";
  }
  if (system && mode !== "verify-full") {
    problems.push({
      what: `sslmode=${mode} is too weak for sslrootcert=system`,
      why: "anybody can have a certificate of a public authority: only the host name tells the server",
      next: "use sslmode=verify-full",
    });
  }
  return mode;
}

/** `ssl=true` of JDBC (libpq knows it too), and asyncpg's `ssl=<mode>`. */
function fromSsl(ssl: Given | undefined): Given | undefined {
  const meaning: Record<string, SslMode> = {
    true: "require",
    "1": "require",
    false: "disable",
    "0": "disable",
  };
  return ssl && { ...ssl, value: meaning[ssl.value.toLowerCase()] ?? ssl.value };
}

function authorities(given: Parameters, at: Surroundings, mode: SslMode, { problems }: Findings) {
  const named = given.get("sslrootcert");
  if (named?.value === "system") return { ca: null, verified: mode };
  const path = named?.value ?? inHome(at, "root.crt");
  const ca = path === null ? null : at.files.read(path);
  if (ca === null && (named !== undefined || mode !== "require")) {
    // For sslmode=require libpq shrugs at a file that is named and missing, and then verifies nothing: not here.
    problems.push({
      what: `Root certificate file ${path ?? "~/.postgresql/root.crt"} is missing or cannot be read`,
      why: `${named?.from ?? `sslmode=${mode}`} needs it to verify the server`,
      next: "give sslrootcert (PGSSLROOTCERT): a file, or system for the public authorities",
    });
  }
  // libpq: "if a root CA file exists, the behavior of sslmode=require will be the same as that of verify-ca".
  return { ca, verified: mode === "require" && ca !== null ? ("verify-ca" as const) : mode };
}

function ownCertificate(given: Parameters, at: Surroundings, { problems, warnings }: Findings) {
  const cert = fileOf("sslcert", "postgresql.crt");
  if (cert.text === null) {
    if (cert.named) problems.push({ what: `Client certificate ${cert.path} is missing or cannot be read` });
    return { cert: null, key: null };
  }
  const key = fileOf("sslkey", "postgresql.key");
  if (key.text === null) {
    problems.push({
      what: `The key of client certificate ${cert.path} is missing or cannot be read: ${key.path}`,
    });
    return { cert: null, key: null };
  }
  if (((at.files.mode(key.path) ?? 0) & 0o077) !== 0) {
    warnings.push(`Private key ${key.path} can be read by others: chmod 600 it`);
  }
  return { cert: cert.text, key: new Secret(key.text) };

  function fileOf(keyword: Keyword, usual: string) {
    const named = given.get(keyword)?.value;
    const path = named ?? inHome(at, usual) ?? usual;
    return { path, text: at.files.read(path), named: named !== undefined };
  }
}

function inHome(at: Surroundings, file: string): string | null {
  return at.home === null ? null : join(at.home, ".postgresql", file);
}
