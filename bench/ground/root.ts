import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository, from the TypeScript as well as from dist. */
export const root = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** A file beside the sources that the compiler does not copy. */
export const source = (...names: readonly string[]) => join(root, "bench", ...names);

/** The built form of a script of `bench/children`. */
export const child = (name: string) => join(root, "dist", "bench", "children", `${name}.js`);

export const program = join(root, "bin", "purchase-fix.js");

function rootAbove(folder: string): string {
  const isRoot = existsSync(join(folder, "package-lock.json")) && existsSync(join(folder, "bin"));
  return isRoot ? folder : rootAbove(dirname(folder));
}
