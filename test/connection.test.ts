import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveConnection } from "../src/connection.js";
import type { Connection, ConnectionInput } from "../src/connection.js";
import { findPassword } from "../src/connection/passfile.js";
import { KnownError, KnownErrors } from "../src/errors.js";
import type { Files } from "../src/files.js";

interface Given extends Partial<Omit<ConnectionInput, "files">> {
  /** Text by path; the mode is 0600 unless it is told. */
  readonly files?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
}

function filesOf({ files = {}, modes = {} }: Given): Files {
  return {
    read: (path) => files[path] ?? null,
    mode: (path) => modes[path] ?? (path in files ? 0o600 : null),
  };
}

function resolved(given: Given): Connection {
  return resolveConnection({
    url: given.url ?? null,
    env: given.env ?? {},
    home: given.home === undefined ? "/home/ana" : given.home,
    user: given.user === undefined ? "ana" : given.user,
    files: filesOf(given),
  });
}

/** The texts of a refusal, problem by problem. */
function refusal(given: Given): string[] {
  try {
    resolved(given);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const problems = error instanceof KnownErrors ? error.problems : [error.problem];
    return problems.map(({ what, why, next }) => [what, why, next].filter(Boolean).join(" | "));
  }
  throw new Error("It was not refused.");
}

/** What a table row compares: the password in clear, TLS by its mode. */
function gist(connection: Connection) {
  const { host, port, database, user, password, ssl } = connection;
  return [host, port, database, user, password?.reveal() ?? null, ssl.mode];
}

const dsn = (rest: string, env: Record<string, string> = {}): Given => ({ url: rest, env });

describe("where a URL leads", () => {
  test.each<[string, unknown[]]>([
    ["postgresql://bia:pw@db.shop:6000/shop", ["db.shop", 6000, "shop", "bia", "pw", "prefer"]],
    ["postgres://bia@db.shop/shop", ["db.shop", 5432, "shop", "bia", null, "prefer"]],
    ["postgresql+psycopg2://bia:pw@db/shop", ["db", 5432, "shop", "bia", "pw", "prefer"]],
    ["postgresql+psycopg://db/shop", ["db", 5432, "shop", "ana", null, "prefer"]],
    ["postgresql+asyncpg://db/shop?ssl=require", ["db", 5432, "shop", "ana", null, "require"]],
    ["postgres+pg8000://db/shop", ["db", 5432, "shop", "ana", null, "prefer"]],
    ["postgresql://db", ["db", 5432, "ana", "ana", null, "prefer"]],
    ["postgresql://bia@db", ["db", 5432, "bia", "bia", null, "prefer"]],
    ["postgresql://", ["localhost", 5432, "ana", "ana", null, "prefer"]],
    ["  postgresql://db/shop\n", ["db", 5432, "shop", "ana", null, "prefer"]],
    ["postgresql://[2001:db8::1]:6000/shop", ["2001:db8::1", 6000, "shop", "ana", null, "prefer"]],
    ["postgresql://[::1]/shop", ["::1", 5432, "shop", "ana", null, "prefer"]],
    ["postgresql://b%40a:p%40%2F%3A%3F%23%25@db/sh%20op", ["db", 5432, "sh op", "b@a", "p@/:?#%", "prefer"]],
    ["postgresql://bia:100%sure@db/shop", ["db", 5432, "shop", "bia", "100%sure", "prefer"]],
    ["postgresql://bia:p#a?s:s@db/shop", ["db", 5432, "shop", "bia", "p#a?s:s", "prefer"]],
    ["postgresql:///shop?host=db&port=6000&user=bia@srv", ["db", 6000, "shop", "bia@srv", null, "prefer"]],
    ["postgresql://db/shop?dbname=other&password=a%26b", ["db", 5432, "other", "ana", "a&b", "prefer"]],
    ["postgresql://db/shop?sslmode=", ["db", 5432, "shop", "ana", null, "prefer"]],
  ])("%s", (url, expected) => {
    expect(gist(resolved({ url }))).toEqual(expected);
  });

  test.each([
    "postgresql:///shop?host=/run/pg&port=6000",
    "postgresql://%2Frun%2Fpg:6000/shop",
    "postgresql://:6000/shop?host=%2Frun%2Fpg",
  ])("%s is a unix socket, without TLS even where it is asked for", (url) => {
    const connection = resolved({ url, env: { PGSSLMODE: "verify-full" } });
    expect(connection.socketPath).toBe("/run/pg/.s.PGSQL.6000");
    expect(gist(connection)).toEqual(["/run/pg", 6000, "shop", "ana", null, "disable"]);
  });

  test.each([
    ["mysql://bia:hunter2@db/shop", /not a PostgreSQL URL/],
    ["sqlite:///shop.db", /not a PostgreSQL URL/],
    ["host=db password=hunter2", /not a PostgreSQL URL/],
    ["postgresql:/db/shop", /not a PostgreSQL URL/],
    ["postgresql://bia:hunter2@db:port/shop", /host or port cannot be read/],
    ["postgresql://bia:hunter2@db:99999/shop", /port in DATABASE_URL is not a whole number from 1 to 65535/],
    ["postgresql://bia:hunter2@[::1/shop", /host or port cannot be read/],
    ["postgresql://bia:hunt@er2@db/shop", /an @ too many \| percent-encode/],
    ["postgresql://bia:hunter/2@db/shop", /percent-encode/],
    ["postgresql://bia:12/hunter2@db/shop", /percent-encode/],
    ["postgresql://bia:hunter2%E9@db/shop", /not UTF-8/],
    ["postgresql://bia:hunter2@db/sh%00op", /NUL/],
    ["postgresql://bia:hunter2@db1,db2/shop", /Several database hosts/],
    ["postgresql://bia:hunter2@db1:1,db2:2/shop", /Several database hosts/],
    ["postgresql+psycopg2://bia:hunter2@/shop?host=db1&host=db2", /Several database hosts/],
    [
      "postgresql://bia:hunter2@db/shop?sslmode=requre",
      /sslmode in DATABASE_URL is not an sslmode .* verify-full/,
    ],
    [
      "postgresql://bia:hunter2@db/shop?connect_timeout=soon",
      /connect_timeout in DATABASE_URL is not a whole/,
    ],
    ["postgresql://bia:hunter2@db/shop?service=shop", /service files are not read/],
  ])("%s is refused, and its password not told", (url, message) => {
    const texts = refusal({ url }).join("\n");
    expect(texts).toMatch(message);
    expect(texts).not.toMatch(/hunt|er2/);
  });
});

describe("what the PG* variables add", () => {
  test("they are enough alone", () => {
    const env = { PGHOST: "db", PGPORT: "6000", PGDATABASE: "shop", PGUSER: "bia", PGPASSWORD: "pw" };
    expect(gist(resolved({ env }))).toEqual(["db", 6000, "shop", "bia", "pw", "prefer"]);
  });

  test("a URL wins over each of them, and they fill in what it leaves out", () => {
    const env = {
      PGHOST: "no",
      PGPORT: "6000",
      PGDATABASE: "no",
      PGUSER: "no",
      PGPASSWORD: "pw",
      PGSSLMODE: "require",
    };
    expect(gist(resolved({ url: "postgresql://bia@db/shop", env }))).toEqual([
      "db",
      6000,
      "shop",
      "bia",
      "pw",
      "require",
    ]);
  });

  test("an empty one counts as none", () => {
    expect(gist(resolved({ env: { PGHOST: "db", PGPORT: "", PGUSER: "", PGPASSWORD: "" } }))).toEqual([
      "db",
      5432,
      "ana",
      "ana",
      null,
      "prefer",
    ]);
  });

  test("PGHOSTADDR is connected to, PGHOST is the name to verify and to show", () => {
    const connection = resolved({ env: { PGHOST: "db.shop", PGHOSTADDR: "10.0.0.7" } });
    expect(connection.host).toBe("10.0.0.7");
    expect(connection.ssl.servername).toBe("db.shop");
    expect(connection.describe()).toBe("db.shop:5432/ana as ana");
  });

  test("without a host, the socket that is there is used, else TCP", () => {
    const socket = "/tmp/.s.PGSQL.5433";
    const env = { PGDATABASE: "shop", PGPORT: "5433" };
    expect(resolved({ env, modes: { [socket]: 0o777 } }).socketPath).toBe(socket);
    expect(resolved({ env }).host).toBe("localhost");
  });

  test.each([
    [{}, 10_000],
    [{ PGCONNECT_TIMEOUT: "3" }, 3_000],
    [{ PGCONNECT_TIMEOUT: "0" }, 0],
  ])("%j waits %d ms for a connection", (env, expected) => {
    expect(resolved({ env: { PGHOST: "db", ...env } }).connectTimeoutMs).toBe(expected);
  });

  test("PGOPTIONS are kept, and the URL's options win over them", () => {
    const env = { PGHOST: "db", PGOPTIONS: "-c search_path=shop" };
    expect(resolved({ env }).options).toBe("-c search_path=shop");
    expect(resolved({ env, url: "postgresql://db?options=-c%20geqo=off" }).options).toBe("-c geqo=off");
    expect(resolved({ url: "postgresql://db" }).options).toBeNull();
  });

  test("every problem is told at once", () => {
    const env = { PGHOST: "a,b", PGPORT: "x", PGCONNECT_TIMEOUT: "-1", PGSSLMODE: "on", PGSERVICE: "s" };
    expect(refusal({ env, user: null })).toHaveLength(6);
  });
});

describe("parameters without effect", () => {
  test.each([
    ["pool_size=5&pool_recycle=300", ["pool_size", "pool_recycle"]],
    ["channel_binding=require", ["channel_binding"]],
    ["target_session_attrs=standby", ["target_session_attrs"]],
    ["sslcrl=x", ["sslcrl"]],
    ["target_session_attrs=read-write&application_name=x&keepalives=1&gssencmode=prefer", []],
  ])("%s: a warning for %j", (query, named) => {
    const { warnings } = resolved({ url: `postgresql://db/shop?${query}` });
    expect(warnings).toEqual(named.map((name) => `${name} in DATABASE_URL has no effect here: ignored`));
  });
});

describe("sslmode, with libpq's meaning", () => {
  const root = { "/home/ana/.postgresql/root.crt": "ROOT" };
  const other = { "/etc/shop.crt": "SHOP" };
  test.each<[string, Record<string, string>, string, string | null]>([
    ["", {}, "prefer", null],
    ["", root, "prefer", null],
    ["sslmode=disable", root, "disable", null],
    ["sslmode=allow", root, "allow", null],
    ["sslmode=require", {}, "require", null],
    ["sslmode=require", root, "verify-ca", "ROOT"],
    ["sslmode=require&sslrootcert=/etc/shop.crt", other, "verify-ca", "SHOP"],
    ["sslmode=verify-ca", root, "verify-ca", "ROOT"],
    ["sslmode=verify-full&sslrootcert=/etc/shop.crt", { ...root, ...other }, "verify-full", "SHOP"],
    ["sslmode=verify-full&sslrootcert=system", root, "verify-full", null],
    ["sslrootcert=system", root, "verify-full", null],
    ["ssl=true", {}, "require", null],
    ["ssl=false", {}, "disable", null],
    ["ssl=verify-full", root, "verify-full", "ROOT"],
    ["ssl=true&sslmode=verify-full", root, "verify-full", "ROOT"],
  ])("%s with %j is %s", (query, files, mode, ca) => {
    const { ssl } = resolved({ url: `postgresql://db/shop?${query}`, files });
    expect(ssl).toEqual({ mode, ca, cert: null, key: null, servername: "db" });
  });

  test.each([
    ["sslmode=verify-full", /root certificate file \/home\/ana\/.postgresql\/root.crt is missing/i],
    ["sslmode=verify-ca&sslrootcert=/no.crt", /\/no.crt is missing/],
    ["sslmode=require&sslrootcert=/no.crt", /\/no.crt is missing/],
    ["sslmode=require&sslrootcert=system", /too weak for sslrootcert=system/],
    ["sslmode=prefer&sslrootcert=system", /too weak/],
    ["sslmode=require&sslcert=/no.crt", /Client certificate \/no.crt is missing/],
    ["ssl=perhaps", /ssl in DATABASE_URL is not an sslmode/],
  ])("%s cannot be had", (query, message) => {
    expect(refusal({ url: `postgresql://db/shop?${query}` })).toEqual([expect.stringMatching(message)]);
  });

  test("a client certificate goes with its key, which must be ours alone", () => {
    const files = { "/c.crt": "CERT", "/c.key": "KEY" };
    const env = { PGHOST: "db", PGSSLMODE: "require", PGSSLCERT: "/c.crt", PGSSLKEY: "/c.key" };
    const { ssl, warnings } = resolved({ env, files });
    expect([ssl.cert, ssl.key?.reveal(), warnings]).toEqual(["CERT", "KEY", []]);
    expect(resolved({ env, files, modes: { "/c.key": 0o644 } }).warnings).toEqual([
      expect.stringContaining("/c.key can be read by others"),
    ]);
    expect(refusal({ env, files: { "/c.crt": "CERT" } })).toEqual([expect.stringContaining("/c.key")]);
  });

  test("the usual client certificate is found, and none is used where TLS may not come about", () => {
    const files = {
      "/home/ana/.postgresql/postgresql.crt": "CERT",
      "/home/ana/.postgresql/postgresql.key": "KEY",
    };
    expect(resolved({ url: "postgresql://db?sslmode=require", files }).ssl.cert).toBe("CERT");
    expect(resolved({ url: "postgresql://db", files }).ssl.cert).toBeNull();
    expect(resolved({ url: "postgresql://db?sslcert=/c.crt", files }).warnings).toEqual([
      expect.stringContaining("say sslmode=require"),
    ]);
  });
});

describe("the password file", () => {
  const login = { hosts: ["db"], port: 5432, database: "shop", user: "bia" };
  test.each<[string, string | null]>([
    ["db:5432:shop:bia:pw", "pw"],
    ["*:*:*:*:pw", "pw"],
    ["db:5432:*:bia:pw\r\n", "pw"],
    ["# db:5432:shop:bia:no\ndb:5432:shop:bia:pw", "pw"],
    ["other:*:*:*:no\ndb:*:*:*:first\n*:*:*:*:second", "first"],
    ["db:5432:shop:bia:p\\:w\\\\x", "p:w\\x"],
    ["db:5432:shop:bia:p:rest", "p"],
    ["db:5432:shop:bia:tail\\", "tail\\"],
    ["\\d\\b:5432:shop:bia:pw", "pw"],
    ["\\*:5432:shop:bia:pw", null],
    ["d*:5432:shop:bia:pw", null],
    ["db:6000:shop:bia:pw", null],
    ["db:5432:shop:eva:pw", null],
    ["db:5432:shop:bia:", null],
    ["db:5432:shop", null],
    ["", null],
  ])("%j gives %j", (text, expected) => {
    expect(findPassword(text, login)).toBe(expected);
  });

  test("whatever the fields hold, escaped they are found and give the password back", () => {
    const escape = (text: string) => text.replace(/[\\:]/g, "\\$&");
    const field = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(field, field, field, field, (host, database, user, password) => {
        fc.pre(!host.startsWith("#"));
        const line = [escape(host), "5432", escape(database), escape(user), escape(password)].join(":");
        fc.pre(![host, database, user].includes("*"));
        expect(findPassword(line, { hosts: [host], port: 5432, database, user })).toBe(password);
      }),
    );
  });

  const passfile = { "/home/ana/.pgpass": "*:*:*:*:from-file" };
  test("it is asked only where no password is given", () => {
    expect(resolved({ url: "postgresql://db", files: passfile }).password?.reveal()).toBe("from-file");
    expect(resolved({ ...dsn("postgresql://u:url@db"), files: passfile }).password?.reveal()).toBe("url");
    expect(
      resolved({ ...dsn("postgresql://db", { PGPASSWORD: "env" }), files: passfile }).password?.reveal(),
    ).toBe("env");
  });

  test("PGPASSFILE replaces it; missing, it is a warning", () => {
    const files = { ...passfile, "/pass": "db:*:*:*:named" };
    const env = { PGPASSFILE: "/pass" };
    expect(resolved({ url: "postgresql://db", env, files }).password?.reveal()).toBe("named");
    const without = resolved({ url: "postgresql://db", env, files: passfile });
    expect([without.password, without.warnings.length]).toEqual([null, 1]);
  });

  test("others may not read it: then it counts for nothing, with a warning", () => {
    for (const mode of [0o640, 0o604, 0o660]) {
      const connection = resolved({
        url: "postgresql://db",
        files: passfile,
        modes: { "/home/ana/.pgpass": mode },
      });
      expect(connection.password).toBeNull();
      expect(connection.warnings).toEqual([expect.stringContaining("chmod 600")]);
    }
  });

  test("the usual socket folders are looked up as localhost", () => {
    const files = { "/home/ana/.pgpass": "localhost:*:*:*:pw" };
    expect(resolved({ env: { PGHOST: "/var/run/postgresql" }, files }).password?.reveal()).toBe("pw");
    expect(resolved({ env: { PGHOST: "/srv/pg" }, files }).password).toBeNull();
  });

  test("without a home there is none", () => {
    expect(resolved({ url: "postgresql://db", home: null, files: passfile }).password).toBeNull();
  });
});

describe("describe()", () => {
  test.each([
    ["postgresql://bia:pw@db/shop", "db:5432/shop as bia"],
    ["postgresql://bia@[::1]:6000/shop", "[::1]:6000/shop as bia"],
    ["postgresql://bia@/shop?host=/run/pg", "/run/pg:5432/shop as bia"],
  ])("%s is %s", (url, text) => {
    expect(resolved({ url }).describe()).toBe(text);
  });
});

describe("a password is never shown", () => {
  /** Any text at all with a piece in its midst that occurs nowhere else, so that a part would be noticed as well. */
  const mark = "Zq9";
  const password = fc
    .tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }))
    .map((parts) => parts.join(mark));

  function shown(given: Given): string {
    try {
      const connection = resolved(given);
      return [connection.describe(), ...connection.warnings, JSON.stringify(connection)].join("\n");
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      return JSON.stringify([
        error.message,
        error.problem,
        error instanceof KnownErrors ? error.problems : [],
      ]);
    }
  }

  test("wherever it is given, percent-encoded as it should be", () => {
    fc.assert(
      fc.property(
        password,
        fc.constantFrom("", "&sslmode=nonsense", "&pool_size=3", "&port=x"),
        (text, more) => {
          const raw = encodeURIComponent(text);
          for (const url of [
            `postgresql://bia:${raw}@db/shop?a=b${more}`,
            `postgresql://db/shop?password=${raw}${more}`,
          ]) {
            expect(shown({ url })).not.toContain(mark);
          }
          expect(shown({ url: `postgresql://db/shop?a=b${more}`, env: { PGPASSWORD: text } })).not.toContain(
            mark,
          );
        },
      ),
    );
  });

  test("and where somebody wrote it raw into the URL: understood or refused, never shown in part", () => {
    const nasty = fc
      .array(fc.constantFrom("@", ":", "/", "?", "#", "%", "&", "=", ",", "[", "]", "a", "1"))
      .map((c) => c.join(""));
    fc.assert(
      fc.property(nasty, nasty, (before, after) => {
        expect(shown({ url: `postgresql://bia:${before}${mark}${after}@db:5432/shop?x=y` })).not.toContain(
          mark,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("a well-formed URL gives every part back as it went in", () => {
    const part = fc.string({ minLength: 1, unit: "binary" }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(part, part, part, (user, secret, database) => {
        const url = `postgresql://${[user, secret].map(encodeURIComponent).join(":")}@db/${encodeURIComponent(database)}`;
        const connection = resolved({ url });
        expect([connection.user, connection.password?.reveal(), connection.database]).toEqual([
          user,
          secret,
          database,
        ]);
      }),
    );
  });
});
