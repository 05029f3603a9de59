import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let whole: string | null = null;
let folders = 0;

/** A new folder for files of a row. All of them go with the process, also one that was interrupted: logs take gigabytes. */
export function scratch(): string {
  if (whole === null) {
    const folder = mkdtempSync(join(tmpdir(), "purchase-fix-bench-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    whole = folder;
  }
  folders += 1;
  const folder = join(whole, String(folders));
  mkdirSync(folder);
  return folder;
}
