import type { Problem } from "../errors.js";

/** One connection parameter under libpq's name for it, with the place that an error should point at. */
export interface Given {
  readonly value: string;
  readonly from: string;
}

/** libpq's keywords that we act on. */
export type Keyword = keyof typeof variables | "ssl";

export type Parameters = ReadonlyMap<string, Given>;

/** Where a part of the resolver leaves what it finds wrong, so that the user reads everything at once. */
export interface Findings {
  readonly problems: Problem[];
  readonly warnings: string[];
}

const variables = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  passfile: "PGPASSFILE",
  connect_timeout: "PGCONNECT_TIMEOUT",
  options: "PGOPTIONS",
  service: "PGSERVICE",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  target_session_attrs: "PGTARGETSESSIONATTRS",
} as const;

/** Parameters of libpq that change nothing here: ours win, or the driver has its own way. */
const harmless = new Set(
  `application_name fallback_application_name client_encoding sslcompression sslsni keepalives keepalives_idle
  keepalives_interval keepalives_count tcp_user_timeout load_balance_hosts krbsrvname gsslib gssdelegation`.split(
    /\s+/,
  ),
);

/** Values that ask for no more than one host, reached in the usual way, gives anyway. */
const satisfied: Readonly<Record<string, readonly string[]>> = {
  gssencmode: ["disable", "prefer"],
  channel_binding: ["disable", "prefer"],
  sslnegotiation: ["postgres"],
  target_session_attrs: ["any", "read-write", "primary", "prefer-standby"],
};

/** The URL's parameters, and for what it leaves out the environment's, as libpq fills them in. */
export function merge(
  url: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
  findings: Findings,
): Parameters {
  const merged = new Map<string, Given>();
  for (const [keyword, variable] of Object.entries(variables)) {
    const value = env[variable];
    if (value !== undefined && value !== "") merged.set(keyword, { value, from: variable });
  }
  for (const [keyword, value] of url) {
    if (value !== "") merged.set(keyword, { value, from: `${keyword} in DATABASE_URL` });
  }
  for (const [keyword, given] of merged) {
    if (given.value.includes("\0")) findings.problems.push({ what: `${given.from} contains a NUL byte` });
    if (isIgnored(keyword, given.value)) findings.warnings.push(`${given.from} has no effect here: ignored`);
  }
  return merged;
}

function isIgnored(keyword: string, value: string): boolean {
  const enough = satisfied[keyword];
  if (enough !== undefined) return !enough.includes(value);
  return !(keyword in variables) && keyword !== "ssl" && !harmless.has(keyword);
}
