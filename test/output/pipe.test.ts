import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KnownError } from "../../src/errors.js";
import { watchPipe, writeLines, writeText } from "../../src/output/pipe.js";

const root = resolve(import.meta.dirname, "../..");
const flood = join(root, "test/output/flood.mjs");
/** Nothing of the colours and marks of whoever runs the tests. */
const env = { PATH: process.env["PATH"] };
let compiled = "";

// A process of its own needs JavaScript; compiled here, so that no stale build is tested.
beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), "purchase-fix-output-"));
  symlinkSync(join(root, "node_modules"), join(compiled, "node_modules"));
  writeFileSync(join(compiled, "package.json"), '{ "type": "module" }');
  const files = ["open", "problem"].map((name) => join(root, `src/output/${name}.ts`));
  const options = {
    noEmit: false,
    noCheck: true,
    outDir: compiled,
    rootDir: join(root, "src"),
    typeRoots: [join(root, "node_modules/@types")],
  };
  const config = join(compiled, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions: options, include: [], files }),
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});

afterAll(() => rmSync(compiled, { recursive: true, force: true }));

function shell(pipeline: string): { stdout: string; stderr: string; status: number | null } {
  const script = `set -o pipefail; run() { "${process.execPath}" "${flood}" "${compiled}" "$@"; }; ${pipeline}`;
  return spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8", maxBuffer: 1e9, env });
}

describe("A reader that leaves early (| head)", () => {
  test.each(["auto", "jsonl", "json"])(
    "ends a %s report quietly, with exit code 0 and no stack",
    (format) => {
      const { stdout, stderr, status } = shell(`run ${format} 100000 | head -n 2`);
      expect({ stderr, status }).toEqual({ stderr: "the reader left\n", status: 0 });
      expect(stdout.split("\n")).toHaveLength(3);
    },
  );

  test("never stops a command that has work to do", () => {
    const { stderr, status } = shell("run jsonl 100000 acting | head -n 1");
    expect({ stderr, status }).toEqual({ stderr: "the work was finished\nthe reader left\n", status: 0 });
  });

  test("may take stderr with it", () => {
    const { stdout, status } = shell("run auto 100000 2>&1 | head -n 1");
    expect({ stdout, status }).toEqual({ stdout: "id\tname\n", status: 0 });
  });
});

describe("A reader that is slow", () => {
  test.each(["auto", "jsonl"])("gets every one of 100,000 lines as %s", (format) => {
    const { stdout, stderr } = shell(`run ${format} 100000 | (sleep 0.3; cat)`);
    const lines = stdout.split("\n").slice(format === "auto" ? 1 : 0, -1);
    expect(lines).toHaveLength(100_000);
    expect(lines.at(-1)).toContain("bot 99999 ção");
    expect(stderr).toBe("everything was written\n");
  });

  test("gets one whole JSON document, no character of it split", () => {
    const { stdout } = shell("run json 100000 | (sleep 0.3; cat)");
    const list = JSON.parse(stdout) as { name: string }[];
    expect(list).toHaveLength(100_000);
    expect(list.every(({ name }, id) => name === `bot ${id} ção`)).toBe(true);
  });

  test("is not read ahead for: the next row is made when the last chunk was taken", async () => {
    let made = 0;
    function* rows(): Generator<string> {
      for (; made < 100_000; made += 1) yield "x".repeat(100);
    }
    let asked = 0;
    const stuck = new Writable({ write: () => void (asked += 1) });
    const written = writeLines(watchPipe(stuck), rows());
    await new Promise(setImmediate);
    expect({ asked, early: made < 1_000 }).toEqual({ asked: 1, early: true });
    stuck.destroy();
    await written;
    expect(made).toBeLessThan(1_000);
  });
});

describe("A disk that is full", () => {
  test("is no reader that left: the loss is an error in words, exit 2", () => {
    const { stderr, status } = shell("run jsonl 1000 > /dev/full");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error: the output could not be written completely\n {2}why: ENOSPC.*\n {2}next: .*\n$/,
    );
  });
});

describe("Watching a stream", () => {
  const failing = (code: string) =>
    new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });

  test("twice is watching it once", () => {
    const stream = failing("EPIPE");
    expect(watchPipe(stream)).toBe(watchPipe(stream));
    expect(stream.listenerCount("error")).toBe(1);
  });

  test("tells by its signal that the reader left, and then writes no more", async () => {
    const pipe = watchPipe(failing("EPIPE"));
    expect(pipe.closed).toBe(false);
    await pipe.write("into the void");
    expect({ closed: pipe.closed, aborted: pipe.signal.aborted }).toEqual({ closed: true, aborted: true });
    await expect(writeText(pipe, "more")).resolves.toBeUndefined();
  });

  test("takes EIO of a closed terminal for a reader that left, of a file for a loss", async () => {
    const terminal = Object.assign(failing("EIO"), { isTTY: true });
    await expect(watchPipe(terminal).write("x")).resolves.toBeUndefined();
    await expect(watchPipe(failing("EIO")).write("x")).rejects.toThrow(KnownError);
  });

  test("goes on telling of a loss at every later write", async () => {
    const pipe = watchPipe(failing("ENOSPC"));
    await expect(pipe.write("x")).rejects.toThrow(KnownError);
    await expect(pipe.write("y")).rejects.toThrow(KnownError);
    expect(pipe.closed).toBe(false);
  });
});

describe("A spinner that nobody stopped", () => {
  test("does not outlive a command once the output is closed, and none writes into a pipe", async () => {
    const code = `
      const { openOutput } = await import("${compiled}/output/open.js");
      const { stdin, stdout, stderr, env } = process;
      const output = await openOutput({ stdin, stdout, stderr, env, format: "auto", color: undefined, quiet: false });
      output.progress("reading");
      output.close();`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const status = await new Promise((done) => child.once("close", done));
    expect({ status, text }).toEqual({ status: 0, text: "" });
  });
});
