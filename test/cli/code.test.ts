import { execFile } from "node:child_process";
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect } from "vitest";
import { test } from "./fixtures.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const version = `${process.versions.v8}-${process.arch}`;

/** A copy of the program as it is installed, which a test may spoil. */
function copyTo(folder: string) {
  for (const part of ["bin", "dist/program", "package.json"])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  const program = join(folder, "dist", "program");
  const codes = join(program, "code", version);
  const files = () => readdirSync(codes).map((name) => join(codes, name));
  return {
    program,
    codes,
    change: (by: (code: Buffer, all: readonly Buffer[]) => Buffer) => {
      const all = files().map((file) => readFileSync(file));
      for (const [at, file] of files().entries()) writeFileSync(file, by(all[at] ?? Buffer.alloc(0), all));
    },
    held: () => readdirSync(folder, { recursive: true, encoding: "utf8" }),
    run: async (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      await run(process.execPath, [join(folder, "bin", "purchase-fix.js"), ...words], { env }),
    /** What is accepted of the code, by the names of the chunks. */
    accepted: async (words: readonly string[], env: Readonly<Record<string, string>>) => {
      const look = `const { scripts } = require(${JSON.stringify(join(folder, "bin", "load.js"))});
        process.on("exit", () => console.error(JSON.stringify([...scripts].flatMap(([name, script]) =>
          script.cachedDataRejected === false ? [name] : []))));`;
      writeFileSync(join(folder, "look.cjs"), look);
      const argv = ["--require", join(folder, "look.cjs"), join(folder, "bin", "purchase-fix.js"), ...words];
      const { stderr } = await run(process.execPath, argv, { env });
      return JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as string[];
    },
  };
}

type Copy = ReturnType<typeof copyTo>;

describe("the code that the build made of the program", () => {
  test("is what find-stuck runs", async ({ shop, folder }) => {
    await shop.sale();
    const accepted = await copyTo(folder.path).accepted(["find-stuck"], shop.env);
    expect(accepted).toEqual(expect.arrayContaining(["main.cjs", "find-stuck.cjs", "database.cjs"]));
  });

  test.for<[string, (copy: Copy) => void]>([
    ["is of another Node", ({ program }) => rmSync(join(program, "code"), { recursive: true })],
    ["is empty", (copy) => copy.change(() => Buffer.alloc(0))],
    ["is cut off", (copy) => copy.change((code) => code.subarray(0, code.length - 100))],
    ["is cut off in its first bytes", (copy) => copy.change((code) => code.subarray(0, 6))],
    ["has a flipped bit", (copy) => copy.change((code) => flipped(code, code.length >> 1))],
    ["has wrong checksums", (copy) => copy.change((code) => flipped(code, 0))],
    ["is that of other chunks", (copy) => copy.change((code, all) => all[all.indexOf(code) - 1] ?? code)],
  ])("where it %s, the program does what it does", async ([, spoil], { shop, folder }) => {
    const sale = await shop.sale();
    const copy = copyTo(folder.path);
    const words = ["find-stuck", "--tsv"];
    const whole = await copy.run(words, shop.env);
    spoil(copy);
    const before = copy.held();
    expect(await copy.run(words, shop.env)).toEqual(whole);
    expect(whole.stdout).toContain(`\n${sale}\t`);
    expect(copy.held(), "nothing was written").toEqual(before);
  });

  test("does not stand for a chunk that somebody changed", async ({ shop, folder }) => {
    await shop.sale();
    const copy = copyTo(folder.path);
    const chunk = join(copy.program, "find-stuck.cjs");
    const text = readFileSync(chunk, "utf8");
    // As long as before: by itself, V8 compares no more than lengths.
    writeFileSync(chunk, text.replace("} stuck sale${", "} STUCK SALE${"));
    expect((await copy.run(["find-stuck"], shop.env)).stderr).toContain("1 STUCK SALE");
  });

  test("leaves the lines of a stack where they are", async ({ folder }) => {
    const copy = copyTo(folder.path);
    const stack = async () => {
      const load = JSON.stringify(join(folder.path, "bin", "load.js"));
      const ask = `require(${load}).load("find-stuck.cjs").findStuck(null, {}).catch((error) => console.log(error.stack))`;
      const { stdout } = await run(process.execPath, ["--eval", ask]);
      // The folder is told where Node loads the chunk by itself.
      return stdout.replaceAll(`${folder.path}/`, "").split("\n").slice(0, 3);
    };
    const withCode = await stack();
    rmSync(copy.codes, { recursive: true });
    expect(withCode).toEqual(await stack());
    expect(withCode[1]).toMatch(/\(dist\/program\/find-stuck\.cjs:\d+:\d+\)$/);
  });
});

function flipped(code: Buffer, at: number): Buffer {
  const copy = Buffer.from(code);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
