import { readFileSync } from "node:fs";
import type { ExitCode } from "./errors.js";
import { exitCode } from "./errors.js";
import { watchPipe } from "./output/pipe.js";

/**
 * What the program begins with. The version, and the help in its usual width, are printed from the package's own files:
 * the command line alone takes longer to load and to describe than Node to start.
 */
export async function start(proc: NodeJS.Process): Promise<ExitCode> {
  const { stdout, argv } = proc;
  const pipe = watchPipe(stdout); // --help, too, may be read by a `head` that has left
  const version = ownVersion();
  const only = argv.length === 3 ? (argv[2] ?? "") : "";
  if (/^(?:--version|-V)$/.test(only)) {
    await pipe.write(`${version}\n`);
    return exitCode.ok;
  }
  if (/^(?:--help|-h)$/.test(only) && (stdout.columns ?? 80) === 80) {
    await pipe.write(ownFile("dist/program/help.txt"));
    return exitCode.ok;
  }
  const { main } = await import("./main.js");
  return await main(proc, version);
}

function ownVersion(): string {
  return (JSON.parse(ownFile("package.json")) as { version: string }).version;
}

/** Of the package; this file runs from `dist/program/`. */
function ownFile(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}
