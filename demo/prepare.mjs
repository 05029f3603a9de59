// The first step of `npm run demo` and `npm test`: on a fresh clone there is nothing but Node and npm, so this file may
// use nothing else. Says one line on stderr for each step that has something to do.
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Written after a build without errors, since the compiler leaves its output behind even where it found some. */
const stamp = join(root, "dist", ".built");

process.exitCode = checkNode() || installPackages() || build();

function checkNode() {
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(">=", "");
  const isEnough = process.versions.node.localeCompare(wanted, "en", { numeric: true }) >= 0;
  if (isEnough) return 0;
  say(
    `purchase-fix needs Node ${wanted} or newer; this is Node ${process.versions.node}. See https://nodejs.org.`,
  );
  return 2;
}

function installPackages() {
  if (
    changedAt(join(root, "node_modules", ".package-lock.json")) >= changedAt(join(root, "package-lock.json"))
  )
    return 0;
  say("Installing the packages (npm ci) …");
  // Whatever runs us may have set npm up for production, and the demo needs the development packages.
  const words = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath ?? "";
  // npm_execpath is yarn's or pnpm's own where they run us.
  if (basename(npm).startsWith("npm-cli"))
    return run(process.execPath, [npm, ...words], { stdout: "ignore" });
  return run("npm", words, { stdout: "ignore", shell: process.platform === "win32" });
}

function build() {
  const sources = [
    "src",
    "demo",
    "prove",
    "simulate",
    "bench",
    "test/cast",
    "build",
    "package-lock.json",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
  ];
  if (changedAt(stamp) >= Math.max(...sources.map((name) => newestIn(join(root, name))))) return 0;
  say("Building (tsc, rolldown) …");
  const begun = new Date();
  // What was renamed or deleted must not live on.
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const steps = [
    [tsc, "-p", "tsconfig.build.json"],
    [join(root, "build", "bundle.mjs")],
    [join(root, "build", "code.mjs")],
  ];
  for (const words of steps) {
    const failure = run(process.execPath, words, { stdout: process.stderr });
    if (failure !== 0) return failure;
  }
  writeFileSync(stamp, "");
  // A file that was saved while the compiler ran is newer than this.
  utimesSync(stamp, begun, begun);
  return 0;
}

/** Milliseconds since 1970; 0 where there is nothing. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Folders count too, because deleting a file changes nothing else. */
function newestIn(path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return 0;
  // bench/sdk installs a package of its own, which is no source.
  const names = entry.isDirectory() ? readdirSync(path).filter((name) => name !== "node_modules") : [];
  const inside = names.map((name) => newestIn(join(path, name)));
  return Math.max(entry.mtimeMs, ...inside);
}

/** The exit code. Nothing that the program says goes to stdout, which is the demo's; npm says its errors on stderr. */
function run(program, words, { stdout, shell = false }) {
  const { status, error } = spawnSync(program, words, {
    cwd: root,
    shell,
    stdio: ["ignore", stdout, "inherit"],
  });
  if (error) say(`${basename(program)} could not be run: ${error.message}`);
  return status ?? 1;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
