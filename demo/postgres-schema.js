import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
/** The SQL of the shop's tables. It lies in the repository's `demo/` also when this file runs from `dist/demo/`. */
export function shopSchema() {
    return readFileSync(join(packageRoot(dirname(fileURLToPath(import.meta.url))), "demo", "schema.sql"), "utf8");
}
function packageRoot(folder) {
    const isRoot = existsSync(join(folder, "package.json")) || folder === dirname(folder);
    return isRoot ? folder : packageRoot(dirname(folder));
}
