import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Postgres } from "../../demo/postgres.js";
import { startPostgres } from "../../demo/postgres.js";
import { giveAway, newPath } from "../../demo/postgres-folder.js";
import { freePort } from "../../demo/postgres-watchdog.js";
import { resolveConnection } from "../../src/connection.js";
import type { Connection } from "../../src/connection.js";
import { connectPg, forPostgresJs } from "../../src/connection/drivers.js";
import { disk } from "../../src/files.js";

/** A server with TLS: a password over TCP, a certificate from `certified`, nothing over the unix socket. */
let secure: Postgres;
/** A server without TLS that trusts everybody. */
let plain: Postgres;
let folder: string;

const password = "p@ss:w/r d%41";
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = newPath("tls");
  mkdirSync(folder, { mode: 0o755 });
  giveAway(folder);
  certificate("server", "db.shop.test");
  certificate("certified", "certified");
  certificate("stranger", "db.shop.test");
  writeFileSync(
    file("hba"),
    `local all all trust
     hostssl all certified 127.0.0.1/32 cert
     host all all 127.0.0.1/32 scram-sha-256
    `,
  );
  giveAway(file("hba"));
  const settings = {
    ssl: "on",
    ssl_cert_file: file("server.crt"),
    ssl_key_file: file("server.key"),
    ssl_ca_file: file("certified.crt"),
    hba_file: file("hba"),
  };
  secure = await startPostgres({ auth: "scram", password, settings });
  plain = await startPostgres({ settings: { ssl: "off" } });
});

afterAll(async () => {
  await secure?.stop();
  await plain?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Self-signed, so that it is its own authority. */
function certificate(name: string, subject: string): void {
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    file(`${name}.key`),
  ];
  const about = ["-subj", `/CN=${subject}`, "-addext", `subjectAltName=DNS:${subject}`, "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...key, ...about, "-out", file(`${name}.crt`)], { stdio: "pipe" });
  giveAway(file(`${name}.crt`));
  giveAway(file(`${name}.key`));
}

function connectionTo(server: { port: number }, query = "", env: Record<string, string> = {}): Connection {
  const url = `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres?${query}`;
  return resolveConnection({ url, env, files: disk, home: null, user: null });
}

const question = `
  select current_user::text as "user", current_setting('application_name') as name,
         coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted`;

interface Answer {
  readonly user: string;
  readonly name: string;
  readonly encrypted: boolean;
}

/** How each driver is asked; an error of either is the caller's. */
const drivers = {
  "postgres.js": async (connection: Connection): Promise<Answer | undefined> => {
    const sql = postgres({ ...forPostgresJs(connection, "shop-test"), max: 1 });
    try {
      return (await sql.unsafe<Answer[]>(question))[0];
    } finally {
      await sql.end({ timeout: 1 });
    }
  },
  pg: async (connection: Connection): Promise<Answer | undefined> => {
    const client = await connectPg(connection, "shop-test", async (config) => {
      const made = new Client(config);
      await made.connect();
      return made;
    });
    try {
      return (await client.query<Answer>(question)).rows[0];
    } finally {
      await client.end();
    }
  },
};

const named = "host=db.shop.test&hostaddr=127.0.0.1";

describe.each(Object.entries(drivers))("%s", (_, ask) => {
  test("TCP and trust", async () => {
    expect(await ask(connectionTo(plain))).toEqual({ user: "postgres", name: "shop-test", encrypted: false });
  });

  test("a unix socket, whatever sslmode says", async () => {
    const env = { PGHOST: secure.socketDir ?? "", PGPORT: String(secure.port), PGSSLMODE: "verify-full" };
    const connection = resolveConnection({ url: null, env, files: disk, home: null, user: "postgres" });
    expect(await ask(connection)).toEqual({ user: "postgres", name: "shop-test", encrypted: false });
  });

  test("a password with every awkward character", async () => {
    expect(await ask(connectionTo(secure))).toMatchObject({ user: "postgres" });
  });

  test("a password from the password file", async () => {
    const passfile = file("pgpass");
    writeFileSync(passfile, `127.0.0.1:*:postgres:postgres:${password.replace(/[\\:]/g, "\\$&")}\n`, {
      mode: 0o600,
    });
    const env = {
      PGHOST: "127.0.0.1",
      PGPORT: String(secure.port),
      PGUSER: "postgres",
      PGPASSFILE: passfile,
    };
    const connection = resolveConnection({ url: null, env, files: disk, home: null, user: null });
    expect(await ask(connection)).toMatchObject({ user: "postgres" });
  });

  test.each([
    ["disable", false],
    ["allow", true],
    ["prefer", true],
    ["require", true],
  ])("sslmode=%s to a self-signed server is encrypted: %s", async (mode, encrypted) => {
    expect(await ask(connectionTo(secure, `sslmode=${mode}`))).toMatchObject({ encrypted });
  });

  test.each(["disable", "allow", "prefer"])("sslmode=%s does with a server that has no TLS", async (mode) => {
    expect(await ask(connectionTo(plain, `sslmode=${mode}`))).toMatchObject({ encrypted: false });
  });

  test.each(["sslmode=require", "sslmode=verify-full&sslrootcert=system"])(
    "%s refuses a server that has no TLS",
    async (query) => {
      await expect(ask(connectionTo(plain, query))).rejects.toThrow();
    },
  );

  test.each(["verify-ca", "require"])(
    "sslmode=%s with the right authority does not ask for the name",
    async (mode) => {
      const connection = connectionTo(secure, `sslmode=${mode}`, { PGSSLROOTCERT: file("server.crt") });
      expect(await ask(connection)).toMatchObject({ encrypted: true });
    },
  );

  test("sslmode=verify-full with the right authority and name", async () => {
    const connection = connectionTo(secure, `sslmode=verify-full&${named}`, {
      PGSSLROOTCERT: file("server.crt"),
    });
    expect(await ask(connection)).toMatchObject({ encrypted: true });
  });

  test.each<[string, string, RegExp]>([
    ["another name", "sslmode=verify-full&host=localhost&hostaddr=127.0.0.1", /altnames/],
    ["an address instead of the name", "sslmode=verify-full", /not in the cert's list|altnames/],
  ])("sslmode=verify-full refuses %s", async (__, query, message) => {
    const connection = connectionTo(secure, query, { PGSSLROOTCERT: file("server.crt") });
    await expect(ask(connection)).rejects.toThrow(message);
  });

  test.each(["require", "verify-ca", "verify-full"])(
    "sslmode=%s refuses another authority's server",
    async (mode) => {
      const connection = connectionTo(secure, `sslmode=${mode}&${named}`, {
        PGSSLROOTCERT: file("stranger.crt"),
      });
      await expect(ask(connection)).rejects.toThrow(/self-signed|signature/);
    },
  );

  test("sslrootcert=system refuses a self-signed server", async () => {
    await expect(ask(connectionTo(secure, `sslrootcert=system&${named}`))).rejects.toThrow(/self-signed/);
  });

  test("a client certificate instead of a password", async () => {
    const admin = new Client({
      host: secure.socketDir ?? "",
      port: secure.port,
      user: "postgres",
      database: "postgres",
    });
    await admin.connect();
    await admin.query("drop role if exists certified; create role certified login");
    await admin.end();
    const pair = { PGSSLCERT: file("certified.crt"), PGSSLKEY: file("certified.key") };
    const query = `user=certified&sslmode=require`;
    expect(await ask(connectionTo(secure, query, pair))).toMatchObject({
      user: "certified",
      encrypted: true,
    });
    await expect(ask(connectionTo(secure, query))).rejects.toThrow(/certificate/);
  });

  test("a wrong password is refused and not repeated", async () => {
    const connection = connectionTo(secure, "password=hunter2-wrong");
    const error: unknown = await ask(connection).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "28P01" });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("hunter2");
  });

  test("nobody there is an error", async () => {
    await expect(ask(connectionTo({ port: await freePort() }))).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
  });

  test("options reach the server", async () => {
    const connection = connectionTo(plain, "options=-c%20role%3Dpg_monitor");
    expect(await ask(connection)).toMatchObject({ user: "pg_monitor" });
  });

  test("PG* variables that the resolver was not given do not reach the driver", async () => {
    const hostile = {
      PGHOST: "127.0.0.2",
      PGPORT: "1",
      PGUSER: "nobody",
      PGDATABASE: "none",
      PGSSLMODE: "disable",
    };
    for (const [variable, value] of Object.entries({ ...hostile, PGAPPNAME: "x" }))
      vi.stubEnv(variable, value);
    for (const variable of ["PGPASSWORD", "PGSSLNEGOTIATION", "PGPREPARE", "PGMAX_LIFETIME"])
      vi.stubEnv(variable, "1");
    try {
      const answer = { user: "postgres", name: "shop-test", encrypted: true };
      expect(await ask(connectionTo(secure, "sslmode=require"))).toEqual(answer);
      const without = resolveConnection({
        url: `postgresql://postgres@127.0.0.1:${secure.port}/postgres`,
        env: {},
        files: disk,
        home: null,
        user: null,
      });
      vi.stubEnv("PGPASSWORD", password);
      await expect(ask(without)).rejects.toThrow();
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe("a pool of postgres.js over our socket", () => {
  test("comes back after the server ended an idle session", async () => {
    // The server says that the session ended before the socket tells the driver: a query between the two is lost by right.
    let onclose = (): void => undefined;
    const noticed = new Promise<void>((resolve) => (onclose = resolve));
    const options = { ...forPostgresJs(connectionTo(secure, "sslmode=require")), max: 1 };
    const sql = postgres({ ...options, onclose: () => onclose() });
    const other = postgres({ ...forPostgresJs(connectionTo(secure)), max: 1 });
    const backend = async () => (await sql<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0;
    const before = await backend();
    await other`select pg_terminate_backend(${before}, 10000)`;
    await noticed;
    const after = await backend();
    await Promise.all([sql.end(), other.end()]);
    expect(after).toBeGreaterThan(0);
    expect(after).not.toBe(before);
  });

  test("fails every query while nobody is there, not only the first", async () => {
    const sql = postgres({ ...forPostgresJs(connectionTo({ port: await freePort() })), max: 1 });
    await expect(sql`select 1`).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(sql`select 1`).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await sql.end();
  });

  test("cancels a query", async () => {
    const sql = postgres({ ...forPostgresJs(connectionTo(secure, "sslmode=require")), max: 1 });
    await sql`select 1`;
    const sleeping = sql`select pg_sleep(60)`.execute();
    setTimeout(() => sleeping.cancel(), 50);
    await expect(sleeping).rejects.toMatchObject({ code: "57014" });
    await sql.end();
  });
});
