import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { Lacking } from "../engine/row.js";
import { clean } from "./launcher.js";
import { root, source } from "./root.js";
import { scratch } from "./scratch.js";

/**
 * What the other sides are made of: paths of programs. Each is looked for first, installed where it is missing, and a row
 * that needs one says so where it cannot be had. @throws Lacking
 */
export interface Tools {
  /** `psql` as a person types it. On Debian that is a wrapper in Perl, which costs more than psql itself. */
  readonly psql: () => string;
  /** The program behind Debian's wrapper; the same where there is none. */
  readonly barePsql: () => string;
  readonly pgbench: () => string;
  readonly python: () => string;
  /** Python with the library that scripts of today begin with. */
  readonly pythonWithRequests: () => string;
  readonly grep: () => string;
  /** The folder of Meta's SDK. */
  readonly sdk: () => string;
}

export const tools: Tools = { psql, barePsql, pgbench, python, pythonWithRequests, grep, sdk };

const servers = "/usr/lib/postgresql";

function psql(): string {
  return onPath("psql") ?? fromDebian("postgresql-client", () => onPath("psql"));
}

function barePsql(): string {
  const typed = psql();
  return realpathSync(typed).endsWith("pg_wrapper") ? (newest("psql") ?? typed) : typed;
}

function pgbench(): string {
  return newest("pgbench") ?? onPath("pgbench") ?? unpackedPgbench();
}

/** It comes with the server alone, whose installation would leave a cluster running here: so it is only unpacked. */
function unpackedPgbench(): string {
  // Its library is psql's too.
  psql();
  const cwd = scratch();
  const about = spawnSync("/usr/bin/apt-cache", ["show", "postgresql"], { encoding: "utf8", env: clean });
  const version = /^Depends: .*\bpostgresql-(\d+)/m.exec(about.stdout ?? "")?.[1] ?? "";
  say(`Unpacking postgresql-${version} for pgbench (apt-get download) …`);
  spawnSync("/usr/bin/apt-get", ["download", "-qq", `postgresql-${version}`], {
    cwd,
    env: clean,
    stdio: "ignore",
  });
  const archive = readdirSync(cwd).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Lacking(`needs pgbench, of the Debian package postgresql-${version}`);
  spawnSync("dpkg", ["-x", archive, "."], { cwd, env: clean, stdio: "ignore" });
  return join(cwd, "usr", "lib", "postgresql", version, "bin", "pgbench");
}

function python(): string {
  return onPath("python3") ?? fromDebian("python3-minimal", () => onPath("python3"));
}

function pythonWithRequests(): string {
  const found = python();
  const find = () => (answers(found, ["-c", "import requests"]) ? found : null);
  return find() ?? fromDebian("python3-requests", find);
}

function grep(): string {
  return onPath("grep") ?? fromDebian("grep", () => onPath("grep"));
}

/**
 * Meta's SDK, in a folder with a lock of its own: a yardstick must not become a dependency, nor `npm ci` of the product
 * grow by its 38 packages.
 */
function sdk(): string {
  const folder = source("sdk");
  const manifest = join(folder, "node_modules", "facebook-nodejs-business-sdk", "package.json");
  if (!existsSync(manifest)) {
    say("Installing Meta's SDK into bench/sdk (npm ci) …");
    const words = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    spawnSync("npm", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  }
  if (!existsSync(manifest)) throw new Lacking("npm could not install facebook-nodejs-business-sdk");
  return join(folder, "package.json");
}

/** The version that is installed, for the table's caption. */
export function sdkVersion(): string {
  const folder = join(source("sdk"), "node_modules", "facebook-nodejs-business-sdk");
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

/** The first line of what a program says of itself. */
export function versionOf(path: string, word = "--version"): string {
  const { stdout, stderr } = spawnSync(path, [word], { encoding: "utf8", env: clean });
  return `${stdout}${stderr}`.trim().split("\n")[0] ?? "";
}

function onPath(name: string): string | null {
  const places = (clean["PATH"] ?? "").split(":").map((folder) => join(folder, name));
  return places.find((path) => existsSync(path)) ?? null;
}

/** Debian keeps each version of PostgreSQL in a folder of its own. */
function newest(name: string): string | null {
  const versions = existsSync(servers) ? readdirSync(servers) : [];
  const sorted = versions.toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return (
    sorted.map((version) => join(servers, version, "bin", name)).find((path) => existsSync(path)) ?? null
  );
}

/** Installs a package of Debian or Ubuntu, which takes root. */
function fromDebian(name: string, find: () => string | null): string {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Lacking(`needs the Debian package ${name}`);
  }
  say(`Installing ${name} (apt-get) …`);
  const install = ["install", "-y", "-qq", "--no-install-recommends", name];
  // A package list that is out of date is the usual reason why the first try fails.
  if (!apt(install)) void (apt(["update", "-qq"]) && apt(install));
  const found = find();
  if (found === null) throw new Lacking(`apt-get could not install ${name}`);
  return found;
}

function apt(words: readonly string[]): boolean {
  const env = { ...clean, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("/usr/bin/apt-get", words, { env, stdio: ["ignore", "ignore", "ignore"] }).status === 0;
}

function answers(path: string, words: readonly string[]): boolean {
  return spawnSync(path, words, { env: clean, cwd: root, stdio: "ignore" }).status === 0;
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
