import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KnownError } from "./errors.js";

/** The little that settings need of the file system, handed in so that reading them stays pure. */
export interface Files {
  /** The text of a file, or null where there is none or it may not be read. */
  read(path: string): string | null;
  /** Permission bits of whatever lies at the path (0o777 at most), or null where nothing does. */
  mode(path: string): number | null;
  /** Names in a folder, or null where there is none that may be read. */
  list?(folder: string): string[] | null;
}

export const disk: Files = {
  read: (path) => orNull(() => readFileSync(path, "utf8")),
  mode: (path) => orNull(() => statSync(path).mode & 0o777),
  list: (folder) => orNull(() => readdirSync(folder)),
};

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/**
 * Writes a file beside its place and then puts it there, so that whoever reads it, or a full disk, never leaves half of
 * it. A link is followed, and a file that is there keeps its permissions.
 * @throws KnownError where it cannot be written, or where something else than a file lies
 */
export function replaceFile(path: string, text: string): void {
  const found = orNull(() => statSync(path));
  if (found !== null && !found.isFile()) {
    throw new KnownError({
      what: `${path} is no file`,
      next: "give the name of a file, such as report.html",
    });
  }
  let folder: string | null = null;
  try {
    const place = found === null ? path : realpathSync(path);
    folder = mkdtempSync(join(dirname(place), ".purchase-fix-"));
    const beside = join(folder, "new");
    writeFileSync(beside, text);
    if (found !== null) chmodSync(beside, found.mode & 0o777);
    renameSync(beside, place);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KnownError(
      { what: `${path} could not be written`, why, next: "give a folder that exists and may be written" },
      { cause: error },
    );
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}
