import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository: this file runs from `dist/demo/`, or from `demo/` in the tests. */
export const repository = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** The program that the demo is about, as anybody would start it. */
export const program = join(repository, "bin", "purchase-fix.js");

/** What a command may see of the surroundings. Anything else (PG*, META_*) could lead it to a real shop. */
const ordinary = /^(PATH|HOME|USER|TERM|COLORTERM|LANG|LC_.*|TZ|CI|NO_COLOR|FORCE_COLOR|SystemRoot)$/;

/** The environment of the command: the ordinary part of ours, and the settings. */
export function environment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    ordinary.test(name) && value !== undefined ? [[name, value] as const] : [],
  );
  return { ...Object.fromEntries(inherited), ...settings };
}

/**
 * Runs the real program on our own terminal; nobody is there to be asked. Returns its exit code, or null where a signal
 * ended it.
 */
export async function run(
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
  cwd: string,
  signal: AbortSignal,
): Promise<number | null> {
  const child = spawn(process.execPath, [program, ...words], {
    // Not our own working directory, whose `.env` may belong to a real shop.
    cwd,
    env: environment(settings),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const end = () => void child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function rootAbove(folder: string): string {
  const isRoot = existsSync(join(folder, "package.json")) || folder === dirname(folder);
  return isRoot ? folder : rootAbove(dirname(folder));
}
