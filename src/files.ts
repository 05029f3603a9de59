import { readdirSync, readFileSync, statSync } from "node:fs";

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
