import { accessSync, constants, lstatSync, readFileSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { redact } from "../redact.js";
import type { RunSummary } from "../sales/summary.js";
import type { Trouble } from "../sales/trouble.js";
import type { LastRun } from "../sales/worth-telling.js";
import { metricsText } from "./metrics-text.js";

/** What is read back of the file of the run before: moments and an exit code, which stay true. */
export interface Former extends LastRun {
  readonly lastSuccessAt: number | null;
}

/** Our own files have some kilobytes; whatever is larger is not ours. */
const LARGEST = 1024 * 1024;

/** Null where there is no such file, or not one of ours. */
export function readFormer(path: string): Former | null {
  try {
    const found = lstatSync(path);
    if (!found.isFile() || found.size > LARGEST) return null;
    const text = readFileSync(path, "utf8");
    const value = (name: string) =>
      Number(
        new RegExp(`^purchase_fix_${name} (\\d{1,12}(?:\\.\\d{1,3})?)$`, "m").exec(text)?.[1] ?? Number.NaN,
      );
    const [endedAt, exitCode] = [value("last_run_timestamp_seconds"), value("last_run_exit_code")];
    const success = value("last_success_timestamp_seconds");
    if (Number.isNaN(endedAt) || Number.isNaN(exitCode)) return null;
    return {
      endedAt: endedAt * 1000,
      exitCode,
      lastSuccessAt: Number.isNaN(success) ? null : success * 1000,
    };
  } catch {
    return null;
  }
}

/**
 * Writes the metrics beside and renames, so that node_exporter never sees half of them. Null where that went well.
 * A run that found the lock taken (75) looked at nothing, and leaves the file to the run that holds it. The last success
 * is taken over where a failed run has no database to ask: an alarm on its age must not fall silent.
 */
export async function writeMetrics(
  path: string,
  summary: RunSummary,
  former: Former | null,
  pid: number,
): Promise<Trouble | null> {
  if (summary.exitCode === 75) return null;
  const lastSuccessAt = summary.lastSuccessAt ?? former?.lastSuccessAt ?? null;
  try {
    refuseOddity(path);
    await replace(path, metricsText({ ...summary, lastSuccessAt }), pid);
    return null;
  } catch (error) {
    const why = redact(error instanceof Error ? error.message : String(error));
    return {
      what: `The metrics file ${path} could not be written`,
      why,
      next: "check --metrics-file (PURCHASE_FIX_METRICS_FILE)",
      exitCode: 1,
      evenQuiet: true,
    };
  }
}

/**
 * The rename would put a file in the place of a device such as /dev/null, or of a link. Following the link is no better:
 * in a folder that others can write it would lead a run of root's to any file.
 */
function refuseOddity(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  const is = found.isSymbolicLink() ? "a symbolic link: name the file itself" : "no ordinary file";
  throw new Error(`it is ${is}`);
}

/** Why the file could not be written, found out without writing; null where nothing is in the way. */
export function faultOfPlace(path: string): string | null {
  try {
    refuseOddity(path);
    const folder = dirname(path);
    if (!statSync(folder).isDirectory()) return `${folder} is no folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Without a final `.prom`, which node_exporter would read; with our pid, since a failing run may write beside another. */
async function replace(path: string, text: string, pid: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${pid}`);
  // Whatever lies there was left by a process that died, or is a link of somebody else's: neither is written into.
  await rm(beside, { force: true });
  try {
    const file = await open(beside, "wx", 0o644);
    try {
      // Whatever the umask: node_exporter runs as another user.
      await file.chmod(0o644);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
}
