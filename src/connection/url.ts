import { KnownError } from "../errors.js";

const authority = /^(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<host>[^/?]*)/;
const hostAndPort = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]]*))(?::(?<port>\d*))?$/;
const encode = "percent-encode @ : / ? # and % in user name and password (@ is %40, / is %2F)";

/**
 * Takes a connection URL apart as libpq does, into libpq's keywords. Not with `URL`: a raw `#` or `?` in a
 * password is ordinary to libpq and to SQLAlchemy, and the application's own DATABASE_URL may hold one.
 * Every refusal keeps silent about the text itself, because a misread URL may show a password anywhere.
 * @throws KnownError
 */
export function parseUrl(text: string): Map<string, string> {
  const scheme = /^(?:postgres|postgresql)(?:\+[a-z0-9_]+)?:\/\//i.exec(text.trim());
  if (scheme === null) {
    throw new KnownError({
      what: "DATABASE_URL is not a PostgreSQL URL",
      why: "it has to begin with postgresql:// or postgres:// (SQLAlchemy's postgresql+psycopg2:// is fine too)",
      next: "write it as postgresql://user:password@host:5432/database",
    });
  }
  const rest = text.trim().slice(scheme[0].length);
  const found = authority.exec(rest);
  const { user, password, host = "" } = found?.groups ?? {};
  const tail = rest.slice(found?.[0].length ?? 0);
  // A second @ means that a password was cut in two: what follows would be shown as host or database.
  if ((host !== "" || user !== undefined) && (host + tail).includes("@")) throw unreadable("an @ too many");

  const [path = "", ...query] = tail.split("?");
  const parameters = new Map<string, string>();
  const put = (name: string, raw: string | undefined) => {
    if (raw !== undefined && raw !== "") parameters.set(name, decode(raw));
  };
  put("user", user);
  put("password", password);
  for (const [name, raw] of placeOf(host)) put(name, raw);
  put("dbname", path.slice(1));
  const queried = pairs(query.join("?"));
  for (const [name, raw] of queried) parameters.set(name, decode(raw));
  // SQLAlchemy repeats the parameter for several hosts: joined, they are refused as libpq's list is.
  const hosts = queried.filter(([name]) => name === "host").map(([, raw]) => decode(raw));
  if (hosts.length > 0) parameters.set("host", hosts.join(","));
  return parameters;
}

function placeOf(text: string): [string, string | undefined][] {
  if (text.includes(",")) return [["host", text]];
  const groups = hostAndPort.exec(text)?.groups;
  if (groups === undefined) throw unreadable("host or port cannot be read");
  return [
    ["host", groups["ipv6"] ?? groups["host"]],
    ["port", groups["port"]],
  ];
}

function pairs(query: string): [string, string][] {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const cut = pair.indexOf("=");
      return cut < 0 ? [decode(pair), ""] : [decode(pair.slice(0, cut)), pair.slice(cut + 1)];
    });
}

/** A % that begins no escape stands for itself, as in SQLAlchemy; libpq would refuse it. */
function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    throw unreadable("a percent-escape is not UTF-8");
  }
}

function unreadable(why: string): KnownError {
  return new KnownError({ what: "DATABASE_URL cannot be read", why, next: encode });
}
