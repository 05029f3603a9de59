// The second half of `npm run build`: src/ with all that it imports, as the program that users run (docs/decisions/0023).
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "dist", "program");

// A chunk of an earlier build must not be packed.
rmSync(folder, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { start: "src/start.ts" },
  platform: "node",
  // Of Node and of pg's own optional parts, which nobody here installs.
  external: [/^node:/, "pg-native", "pg-cloudflare"],
});
const { output } = await bundle.write({
  dir: folder,
  // An ES module's first line runs 5 ms after a CommonJS module's (a fifth of `node -e 0`), and each file costs more, too.
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name].cjs",
  // Nothing is minified: a stack must still tell where, and it saves no time.
  minify: false,
});
await bundle.close();
const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
writeFileSync(join(folder, "THIRD-PARTY.txt"), licences([...new Set(modules.flatMap(packageOf))]));

writeFileSync(join(folder, "help.txt"), help());

/** What `--help` prints from then on, as the command line describes itself where the output is no terminal. */
function help() {
  const words = [join(root, "bin", "purchase-fix.js"), "help"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the built program does not run: ${stderr}`);
  return stdout;
}

/** The folder of the package that a module is part of; none for our own. */
function packageOf(module) {
  const from = module.lastIndexOf(`node_modules${sep}`);
  if (from < 0) return [];
  const [, scope, name] = module.slice(from).split(sep);
  return [module.slice(0, from) + join("node_modules", scope, scope.startsWith("@") ? name : "")];
}

/** Most licences ask for one thing: that they come along. */
function licences(folders) {
  const texts = folders.map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e(?:[-.]|$)/i.test(one));
    const by = author?.name ?? author;
    const text =
      file === undefined
        ? `License: ${license}${by ? `, ${by}` : ""}`
        : readFileSync(join(folder, file), "utf8").trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return texts.toSorted((a, b) => (a < b ? -1 : 1)).join(`\n${"-".repeat(80)}\n\n`);
}
