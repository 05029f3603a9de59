import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { describe, expect, inject, onTestFinished, test, vi } from "vitest";
import { reported } from "../../demo/incident.js";
import { purchaseFix } from "../cast/binary.js";

const built = fileURLToPath(new URL("../../dist/demo/main.js", import.meta.url));

/** Limits, not measurements: they only decide how long a failing test takes. */
const patience = { timeout: 60_000, interval: 20 };
const slow = 120_000;

/** The demo while it runs, in folders of its own, so that what it leaves behind can be told from all else. */
interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Waits for a text on stdout. */
  said(text: string): Promise<void>;
  /** Exit code and signal. */
  readonly ended: Promise<[number | null, string | null]>;
  /** Processes that it started and that are still there; files that it left. */
  left(): string[];
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What `.env` of the working directory holds. */
  readonly dotenv?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

function startDemo(words: readonly string[] = [], { env, dotenv, node = [] }: Surroundings = {}): Running {
  const temporary = mkdtempSync("/tmp/demo-");
  // Where the tests run as root, the server runs as somebody else, who must be let in.
  chmodSync(temporary, 0o777);
  const cwd = mkdtempSync("/tmp/cwd-");
  if (dotenv !== undefined) writeFileSync(join(cwd, ".env"), dotenv);
  const child = spawn(process.execPath, [...node, built, ...words], {
    cwd,
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", TMPDIR: temporary, TZ: process.env["TZ"] ?? "UTC", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid ?? Number.NaN;
  const text = { stdout: "", stderr: "" };
  const servers = new Set<number>();
  const listen = (name: "stdout" | "stderr") =>
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      for (const one of descendants(pid)) servers.add(one);
    });
  listen("stdout");
  listen("stderr");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(left()).toEqual([]), patience).catch(() => undefined);
    for (const folder of [temporary, cwd]) rmSync(folder, { recursive: true, force: true });
  });
  const left = () => [
    ...(existsSync(temporary) ? readdirSync(temporary) : []),
    ...processes().flatMap((one) => (servers.has(one.pid) || one.args.includes(temporary) ? [one.args] : [])),
  ];
  return {
    child,
    pid,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    said: async (wanted) => await vi.waitFor(() => expect(text.stdout).toContain(wanted), patience),
    ended: once(child, "close") as Promise<[number | null, string | null]>,
    left,
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

function processes(): Process[] {
  const lines = execFileSync("ps", ["-axww", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split(
    "\n",
  );
  return lines.flatMap((line) => {
    const [, pid, parent, stat = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    // One that has ended and that nobody has asked about runs no more.
    return pid === undefined || stat.startsWith("Z")
      ? []
      : [{ pid: Number(pid), parent: Number(parent), args }];
  });
}

function descendants(pid: number): number[] {
  const all = processes();
  const below = (parent: number): number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.pid, ...below(one.pid)]);
  return below(pid);
}

/** The settings that `--keep` prints, read as a shell would read them. */
async function settingsOf(demo: Running): Promise<Record<string, string>> {
  await demo.said("leaves nothing behind");
  const lines = demo.stdout().matchAll(/^export (\w+)='([^']*)'$/gm);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
}

/** Makes the stand-in one that does not fold copies: what Meta does is practice, not promise. */
const unfolding = `
  const { fetch } = globalThis;
  globalThis.fetch = (url, init) =>
    String(url).endsWith("/_admin/config")
      ? fetch(url, { ...init, body: JSON.stringify({ ...JSON.parse(init.body), dedup: false }) })
      : fetch(url, init);`;

describe("npm run demo", () => {
  test(
    "tells the story with the real commands, finds it true, and leaves nothing behind",
    async () => {
      const demo = startDemo();
      expect(await demo.ended, demo.stderr()).toEqual([0, null]);
      const lines = demo.stdout().split("\n");
      expect(lines.filter((line) => line.startsWith("== "))).toEqual([
        "== The incident",
        "== 1. What is stuck?",
        "== 2. What do the logs say?",
        "== 3. What Meta has is confirmed, and nothing is sent",
        "== 4. What would be sent?",
        "== 5. Do it",
        "== 6. What Meta's ledger now holds",
        "== 7. The one that was left to its task",
        "== 8. What is left, and why?",
        "== 9. What was done is on record",
        "== To type the commands yourself, with the same incident: npm run demo -- --keep",
      ]);
      expect(lines.filter((line) => /^(\$ |\(exit)/.test(line))).toEqual([
        "$ purchase-fix find-stuck --hours 24",
        "(exit code 0)",
        "$ purchase-fix find-stuck --hours 24 --evidence-log logs/*.log*",
        "(exit code 0)",
        "$ purchase-fix confirm --hours 24 --evidence-log logs/*.log* --yes",
        "(exit code 1)",
        "$ purchase-fix resend --hours 24 --evidence-log logs/*.log* --dry-run",
        "(exit code 0)",
        "$ purchase-fix resend --hours 24 --evidence-log logs/*.log* --yes",
        "(exit code 1)",
        "$ purchase-fix confirm --id 9445 --evidence-log logs/*.log*",
        "(exit code 0)",
        "$ purchase-fix find-stuck --hours 24 --evidence-log logs/*.log*",
        "(exit code 0)",
        "$ purchase-fix journal --id 9412",
        "(exit code 0)",
      ]);
      const scene = (name: string) =>
        demo
          .stdout()
          .split("\n== ")
          .find((text) => text.startsWith(name)) ?? "";
      for (const id of reported) {
        expect(scene("1."), `${id} is stuck`).toMatch(new RegExp(`^${id}\t`, "m"));
        expect(scene("8."), `${id} is not stuck any more`).not.toMatch(new RegExp(`^${id}\t`, "m"));
      }
      const did = (name: string, what: RegExp) =>
        reported.filter((id) => new RegExp(`^${id}\\t.*\\t${what.source}\\t`, "m").test(scene(name)));
      expect(did("3.", /confirmed/)).toEqual([9438, 9436, 9427]);
      expect(did("4.", /would resend/)).toEqual([9431, 9420, 9412, 9405]);
      expect(did("5.", /accepted, confirmed/)).toEqual([9431, 9420, 9412, 9405]);
      expect(did("5.", /left/), "it is left to its task").toEqual([9445]);
      expect(did("7.", /confirmed/)).toEqual([9445]);
      expect(scene("6.")).toContain("did not count them again (9412)");
      expect(lines.filter((line) => line === "Every confirmed sale counted exactly once: yes.")).toHaveLength(
        2,
      );
      expect(demo.stdout()).not.toContain("token-of-");
      expect(demo.left()).toEqual([]);
    },
    slow,
  );

  test(
    "keeps away from the shop that its surroundings name",
    async () => {
      const shop = { PGHOST: "shop.invalid", DATABASE_URL: "postgresql://shop.invalid/shop" };
      const meta = { META_GRAPH_URL: "https://graph.invalid", PURCHASE_FIX_DB_TIMEZONE: "UTC" };
      const demo = startDemo([], { env: { ...shop, ...meta }, dotenv: "PURCHASE_FIX_CURRENCY=USD\n" });
      expect(await demo.ended, demo.stderr()).toEqual([0, null]);
      expect(demo.stdout()).toContain("Every confirmed sale counted exactly once: yes.");
      expect(demo.stderr()).toContain("BRL");
      expect(demo.stderr()).not.toContain("USD");
    },
    slow,
  );

  test(
    "ends with 1 and says why where Meta counts sales twice",
    async () => {
      const demo = startDemo([], {
        node: ["--import", `data:text/javascript,${encodeURIComponent(unfolding)}`],
      });
      expect(await demo.ended).toEqual([1, null]);
      expect(demo.stdout()).toContain("Every confirmed sale counted exactly once: NO.");
      const [, failure = ""] = demo.stderr().split("The story does not hold:\n");
      expect(failure).toContain("Meta counts sale 9412 2 times");
      for (const id of reported.filter((one) => one !== 9412)) expect(failure).not.toContain(String(id));
      expect(demo.left()).toEqual([]);
    },
    slow,
  );

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "leaves nothing behind on %s in the middle",
    async (signal, code) => {
      const demo = startDemo();
      await demo.said("$ purchase-fix find-stuck");
      expect(demo.left().join()).toContain("postgres -D");
      demo.child.kill(signal);
      expect(await demo.ended).toEqual([code, null]);
      expect(demo.left()).toEqual([]);
      expect(demo.stderr(), "an interruption is no error").not.toContain("error:");
    },
    slow,
  );

  test("says what it takes to words that it does not know, and starts nothing", async () => {
    const demo = startDemo(["--kepe"]);
    expect(await demo.ended).toEqual([2, null]);
    expect(demo.stdout()).toBe("");
    expect(demo.stderr()).toMatch(/--kepe[^]*npm run demo -- --keep/);
    expect(demo.left()).toEqual([]);
  });
});

describe("npm run demo -- --keep", () => {
  test(
    "prints settings with which the commands work, until Ctrl-C ends both",
    async () => {
      const demo = startDemo(["--keep"]);
      const env = await settingsOf(demo);
      expect(Object.keys(env)).toEqual([
        "DATABASE_URL",
        "META_GRAPH_URL",
        "ENCRYPTION_KEY",
        "PURCHASE_FIX_LOG_TIMEZONE",
        "PURCHASE_FIX_EVIDENCE_LOGS",
      ]);
      const found = await purchaseFix(["find-stuck", "--json"], { env });
      expect(found.code, found.stderr).toBe(0);
      const { sales } = JSON.parse(found.stdout) as { sales: { id: number; verdict: string }[] };
      expect(sales.find(({ id }) => id === 9438)?.verdict, "the logs are read").toBe("delivered");
      expect(sales.map(({ id }) => id)).toEqual(expect.arrayContaining([...reported]));
      const sent = await purchaseFix(["resend", "--id", "9445"], { env });
      expect(sent.code, sent.stderr).toBe(0);
      const ledger = (await (await fetch(`${env["META_GRAPH_URL"]}/_admin/ledger`)).json()) as {
        sale: number;
      }[];
      expect(ledger.at(-1)?.sale).toBe(9445);
      expect(demo.stdout()).toContain(`curl -s ${env["META_GRAPH_URL"]}/_admin/ledger`);

      // A terminal tells the whole group.
      process.kill(-demo.pid, "SIGINT");
      expect(await demo.ended).toEqual([0, null]);
      expect(demo.left()).toEqual([]);
      await expect(fetch(`${env["META_GRAPH_URL"]}/_admin/state`)).rejects.toThrow("fetch failed");
      const late = new Client({ connectionString: env["DATABASE_URL"] });
      await expect(late.connect()).rejects.toThrow("ECONNREFUSED");
    },
    slow,
  );

  test(
    "leaves nothing behind when it is killed without a word",
    async () => {
      const demo = startDemo(["--keep"]);
      await settingsOf(demo);
      expect(demo.left().join()).toMatch(/postgres -D[^]*graph\/main\.js|graph\/main\.js[^]*postgres -D/);
      demo.child.kill("SIGKILL");
      await vi.waitFor(() => expect(demo.left()).toEqual([]), patience);
    },
    slow,
  );

  test(
    "takes an existing server instead, and drops its database in the end",
    async () => {
      const demo = startDemo(["--keep"], { env: { TEST_DATABASE_URL: inject("postgresUrl") } });
      const { DATABASE_URL: url = "" } = await settingsOf(demo);
      const name = new URL(url).pathname.slice(1);
      expect(name).toMatch(/^purchase_fix_demo_[\da-f]{8}$/);
      expect(await databases()).toContain(name);
      demo.child.kill("SIGINT");
      expect(await demo.ended).toEqual([0, null]);
      expect(await databases()).not.toContain(name);
    },
    slow,
  );
});

async function databases(): Promise<string[]> {
  const client = new Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>("select datname from pg_database");
  await client.end();
  return rows.map(({ datname }) => datname);
}
