import { basename, dirname, join, resolve } from "node:path";
import type { Files } from "../files.js";
import { asZone } from "./forms.js";
import type { Reading } from "./reading.js";
import { findGiven, optional } from "./reading.js";

/** Logs to read as evidence, and the zone of the clocks that wrote them. */
export interface LogSettings {
  readonly files: readonly string[];
  readonly zone: string;
}

/** `--evidence-log` repeats; the variable holds names with spaces between, since cron's shell fills in no wildcards for it. */
export function logsOf(
  reading: Reading,
  at: { readonly cwd: string; readonly files: Files },
  flags: { readonly evidenceLog?: readonly string[] | undefined; readonly logTimezone?: string | undefined },
): LogSettings {
  const given = findGiven(reading, "PURCHASE_FIX_EVIDENCE_LOGS", undefined);
  const names = flags.evidenceLog ?? given?.value.split(/\s+/) ?? [];
  const from = flags.evidenceLog ? "--evidence-log" : (given?.from ?? "");
  const files = names.flatMap((name) => {
    const found = filled(resolve(at.cwd, name), at.files);
    // Logs come and go: what a crontab once named is no reason to do nothing today. What was typed just now is.
    if (found.length === 0 && flags.evidenceLog)
      reading.problems.push({ what: `${from}: there is no file ${name}` });
    else if (found.length === 0) reading.warnings.push(`${from}: there is no file ${name}`);
    return found;
  });
  const zone = optional(reading, "PURCHASE_FIX_LOG_TIMEZONE", flags.logTimezone, asZone);
  return {
    files: [...new Set(files)],
    // The logs of a server are mostly read on it, by its own clock; asked only where there is a log, since Intl takes 8 ms.
    get zone() {
      return zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
  };
}

/** Of the names that were given, those that lead to no file. */
export function missingLogs(
  names: readonly string[],
  at: { readonly cwd: string; readonly files: Files },
): string[] {
  return names.filter((name) => filled(resolve(at.cwd, name), at.files).length === 0);
}

/** `*` in the last part of a path stands for anything. */
function filled(path: string, { list, mode }: Files): string[] {
  const [folder, name] = [dirname(path), basename(path)];
  if (!name.includes("*")) return mode(path) === null ? [] : [path];
  const parts = name.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  return (list?.(folder) ?? [])
    .filter((entry) => pattern.test(entry))
    .map((entry) => join(folder, entry))
    .toSorted();
}
