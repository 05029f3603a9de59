import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { giveAway, newPath } from "../../demo/postgres-folder.js";
import type { Postgres } from "../../demo/postgres.js";
import { startPostgres } from "../../demo/postgres.js";
import { resolveConnection } from "../../src/connection.js";
import { KnownError } from "../../src/errors.js";
import { disk } from "../../src/files.js";
import { openWitness } from "../../src/queries/witness.js";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { refusal } from "./refusal.js";

const password = "senha-por-tls-4d1e";
keepSecret("the database password", password);

/** TLS with a certificate for `db.shop.test`, and one whose certificate has expired; both ask for the password. */
let good: Postgres;
let expired: Postgres;
let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = newPath("tls-cli");
  mkdirSync(folder, { mode: 0o755 });
  giveAway(folder);
  certificate("good", "2");
  certificate("expired", "-1");
  certificate("stranger", "2");
  [good, expired] = (await Promise.all(["good", "expired"].map(server))) as [Postgres, Postgres];
});

afterAll(async () => {
  await Promise.all([good?.stop(), expired?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Self-signed, so that it is its own authority. */
function certificate(name: string, days: string): void {
  const run = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=db.shop.test", "-addext", "subjectAltName=DNS:db.shop.test"];
  run("req", "-new", ...key, ...names, "-keyout", file(`${name}.key`), "-out", file(`${name}.csr`));
  const signed = ["-signkey", file(`${name}.key`), "-copy_extensions", "copy", "-days", days];
  run("x509", "-req", "-in", file(`${name}.csr`), ...signed, "-out", file(`${name}.crt`));
  for (const end of ["key", "crt"]) giveAway(file(`${name}.${end}`));
}

const server = async (name: string) =>
  await startPostgres({
    auth: "scram",
    password,
    settings: { ssl: "on", ssl_cert_file: file(`${name}.crt`), ssl_key_file: file(`${name}.key`) },
  });

/** Both drivers, each in the product's own use: the program reads by one, the witness by the other. Their first errors. */
async function bothWays(port: number, env: Readonly<Record<string, string>>): Promise<string[]> {
  const all = {
    PGHOSTADDR: "127.0.0.1",
    PGPORT: String(port),
    PGUSER: "postgres",
    PGPASSWORD: password,
    ...env,
  };
  const [first = ""] = refusal(await purchaseFix(["find-stuck"], { env: all }));
  const connection = resolveConnection({ url: null, env: all, files: disk, home: null, user: null });
  const row = {
    saleId: 1,
    attempt: "1",
    effect: "confirmed",
    xid: "1",
    flagged: true,
    flaggedAt: null,
    metaEventId: null,
  };
  const error: unknown = await openWitness(connection, "test")
    .check([row as never])
    .catch((reason: unknown) => reason);
  if (!(error instanceof KnownError)) return [first, String(error)];
  expect(JSON.stringify(error.problem)).not.toContain(password);
  return [first, error.problem.what];
}

const both = (first: RegExp, second: RegExp) => [expect.stringMatching(first), expect.stringMatching(second)];
/** The server has no shop: who comes so far was let in. */
const letIn = both(/lacks table payments/, /relation "payments" does not exist/);
const notAccepted = both(/certificate was not accepted/, /certificate was not accepted/);
const noTls = both(/offers no TLS/, /offers no TLS/);

describe("with sslmode=verify-full both drivers", () => {
  const env = (root: string, host = "db.shop.test") => {
    return { PGHOST: host, PGSSLMODE: "verify-full", PGSSLROOTCERT: file(`${root}.crt`) };
  };
  test("are let in by the right authority and name", async () => {
    expect(await bothWays(good.port, env("good"))).toEqual(letIn);
  });
  test("refuse another name", async () => {
    expect(await bothWays(good.port, env("good", "db.other.test"))).toEqual(notAccepted);
  });
  test("refuse another authority", async () => {
    expect(await bothWays(good.port, env("stranger"))).toEqual(notAccepted);
  });
  test("refuse a certificate that has expired", async () => {
    expect(await bothWays(expired.port, env("expired"))).toEqual(notAccepted);
  });
  test("and take it where nobody asks for a check", async () => {
    expect(await bothWays(expired.port, { PGHOST: "db.shop.test", PGSSLMODE: "require" })).toEqual(letIn);
  });
});

interface Between {
  readonly port: number;
  /** All that the product wrote before anything was encrypted, connection by connection. */
  readonly heard: Buffer[];
  close(): Promise<void>;
}

/** Somebody in between: refuses TLS, as an attacker would, or passes everything on and listens. */
async function between(to: number, refusing: boolean): Promise<Between> {
  const heard: Buffer[] = [];
  const listener = createServer((client) => {
    const at = heard.push(Buffer.alloc(0)) - 1;
    const upstream = connect(to, "127.0.0.1");
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    client.on("data", (bytes: Buffer) => {
      heard[at] = Buffer.concat([heard[at] ?? Buffer.alloc(0), bytes]);
      if (refusing) client.write("N");
      else upstream.write(bytes);
    });
    upstream.on("data", (bytes) => client.write(bytes));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    heard,
    close: async () => await new Promise((resolve) => listener.close(() => resolve())),
  };
}

/** PostgreSQL's SSLRequest: eight bytes that hold nothing. */
const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

describe("plain text never goes where TLS is demanded", () => {
  const demands = [
    { PGHOST: "db.shop.test", PGSSLMODE: "require" },
    { PGHOST: "db.shop.test", PGSSLMODE: "verify-full", PGSSLROOTCERT: "good" },
  ];
  const rooted = (env: (typeof demands)[number]) =>
    env.PGSSLROOTCERT === undefined ? env : { ...env, PGSSLROOTCERT: file("good.crt") };

  test.each(demands)("%j: whoever refuses TLS hears the question and no more", async (env) => {
    const spy = await between(good.port, true);
    expect(await bothWays(spy.port, rooted(env))).toEqual(noTls);
    await spy.close();
    expect(spy.heard.length).toBeGreaterThan(1);
    for (const bytes of spy.heard) expect(bytes).toEqual(request);
  });

  test.each(demands)(
    "%j: whoever listens hears a handshake, and no name, password or statement",
    async (env) => {
      const spy = await between(good.port, false);
      expect(await bothWays(spy.port, rooted(env))).toEqual(letIn);
      await spy.close();
      for (const bytes of spy.heard) {
        expect(bytes.subarray(0, 8)).toEqual(request);
        // The first record of TLS: a handshake.
        expect([bytes[8], bytes[9]]).toEqual([22, 3]);
        for (const word of ["postgres", "select", "SCRAM", password])
          expect(bytes.includes(word)).toBe(false);
      }
    },
  );

  test("a certificate that is refused is refused before the password: it was never written", async () => {
    const spy = await between(good.port, false);
    const env = { PGHOST: "db.other.test", PGSSLMODE: "verify-full", PGSSLROOTCERT: file("good.crt") };
    expect(await bothWays(spy.port, env)).toEqual(notAccepted);
    await spy.close();
    for (const bytes of spy.heard) expect(bytes.length).toBeLessThan(2_000);
  });
});

describe("a password file on disk", () => {
  const look = async (mode: number) => {
    const path = file(`pgpass-${mode.toString(8)}`);
    writeFileSync(path, `db.shop.test:${good.port}:*:postgres:${password}\n`, { mode });
    const place = {
      PGHOST: "db.shop.test",
      PGHOSTADDR: "127.0.0.1",
      PGPORT: String(good.port),
      PGUSER: "postgres",
    };
    const env = { ...place, PGSSLMODE: "require", PGPASSFILE: path };
    return refusal(await purchaseFix(["find-stuck"], { env }));
  };

  test("that is ours alone lets us in", async () => {
    expect((await look(0o600))[0]).toEqual(letIn[0]);
  });

  test.each([0o640, 0o644, 0o604])(
    "that others may read (mode %i) counts for nothing, and is named",
    async (mode) => {
      const lines = await look(mode);
      expect(lines[0]).toMatch(
        /^warning: Password file .* can be read by others, so it is ignored: chmod 600 it$/,
      );
      expect(lines[1]).toMatch(/^error: The database refused the password/);
    },
  );
});
