import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_STDOUT_BYTES, runChild, type ChildTask } from "../../src/celery/child.js";
import { processesNaming } from "./processes.js";

/** Names every process of one test, so that what is left behind can be found. */
let mark: string;
let folder: string;
let exitListeners: number;

beforeEach(() => {
  mark = randomUUID();
  folder = mkdtempSync(join(tmpdir(), "purchase-fix-child-"));
  exitListeners = process.listenerCount("exit");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(processesNaming(mark)).toEqual([]);
  expect(process.listenerCount("exit")).toBe(exitListeners);
});

function shell(script: string, differing: Partial<ChildTask> = {}): ChildTask {
  const args = ["-c", script, "sh", mark];
  return { file: "/bin/sh", args, cwd: folder, env: process.env, deadlineMs: 20_000, ...differing };
}

/** `$1` is the mark; the node processes of the scripts carry it as well. */
const sleeper = `"${process.execPath}" -e "setInterval(() => {}, 1000)" "$1"`;
const stubborn = `"${process.execPath}" -e "process.on('SIGINT', () => {}); console.log('up'); setInterval(() => {}, 1000)" "$1"`;

describe("a child that ends by itself", () => {
  test("tells its code and both streams, run where and with what it was told", async () => {
    const script = 'pwd; echo "$GREETING"; echo trouble >&2; exit 69';
    const end = await runChild(shell(script, { env: { PATH: "/usr/bin:/bin", GREETING: "olá" } }));
    const { stdout, ...rest } = end.kind === "exited" ? end : { stdout: "" };
    expect(rest).toEqual({ kind: "exited", code: 69, stderr: "trouble\n" });
    expect(stdout).toMatch(/purchase-fix-child-\w+\nolá\n$/);
  });

  test("takes with it what it left in the background", async () => {
    const end = await runChild(shell(`${sleeper} & echo done`));
    expect(end).toMatchObject({ kind: "exited", code: 0, stdout: "done\n" });
  });

  test("has no code when a signal ended it", async () => {
    expect(await runChild(shell("kill -KILL $$"))).toMatchObject({ kind: "exited", code: null });
  });

  test("keeps the end of a long stderr, where the reason stands", async () => {
    const end = await runChild(shell("yes padding | head -c 200000 >&2; echo the reason >&2"));
    const stderr = end.kind === "exited" ? end.stderr : "";
    expect(stderr.endsWith("the reason\n")).toBe(true);
    expect(stderr.length).toBe(64 * 1024);
  });
});

describe("a child at its deadline", () => {
  test("is interrupted, and may clean up", async () => {
    const end = await runChild(
      shell('trap "echo cleaned > cleaned; exit" INT; while :; do sleep 0.05; done', { deadlineMs: 300 }),
    );
    expect(end).toEqual({ kind: "deadline" });
    expect(readFileSync(join(folder, "cleaned"), "utf8")).toBe("cleaned\n");
  });

  test("is killed where it does not obey, and so is its own child", async () => {
    expect(await runChild(shell(`trap "" INT; ${stubborn}; true`, { deadlineMs: 500 }))).toEqual({
      kind: "deadline",
    });
  });

  test("is killed even when it is frozen", async () => {
    expect(await runChild(shell("kill -STOP $$", { deadlineMs: 300 }))).toEqual({ kind: "deadline" });
  });
});

test("a child that floods its output is ended, and what it printed is not kept", async () => {
  const end = await runChild(shell(`yes "$1" | head -c ${MAX_STDOUT_BYTES + 1}; ${sleeper}`));
  expect(end).toEqual({ kind: "flood" });
});

test("a child that prints just as much as it may is heard", async () => {
  const end = await runChild(shell(`yes | head -c ${MAX_STDOUT_BYTES}`));
  expect(end.kind === "exited" && end.stdout.length).toBe(MAX_STDOUT_BYTES);
});

describe("an abort", () => {
  test("ends the child before it passes on", async () => {
    const stop = new AbortController();
    const running = runChild(shell(`${stubborn}; true`, { signal: stop.signal }));
    await vi.waitFor(() => expect(processesNaming(mark)).toHaveLength(2));
    stop.abort(new Error("Ctrl-C"));
    await expect(running).rejects.toThrow("Ctrl-C");
    expect(processesNaming(mark)).toEqual([]);
  });

  test("of the second kind kills without asking first", async () => {
    const abandon = new AbortController();
    const running = runChild(
      shell(`trap "echo cleaned > cleaned" INT; ${sleeper}; true`, { abandon: abandon.signal }),
    );
    await vi.waitFor(() => expect(processesNaming(mark)).toHaveLength(2));
    abandon.abort();
    expect(await running).toMatchObject({ kind: "exited", code: null });
    expect(() => readFileSync(join(folder, "cleaned"))).toThrow("ENOENT");
  });

  test("that came before starts no child", async () => {
    const signal = AbortSignal.abort(new Error("Ctrl-C"));
    await expect(runChild(shell("echo started > started", { signal }))).rejects.toThrow("Ctrl-C");
    expect(() => readFileSync(join(folder, "started"))).toThrow("ENOENT");
  });
});

test("when our process exits at once, no child stays", () => {
  const words = "--ignoreConfig --noCheck --module nodenext --target es2022 --types node --outDir".split(" ");
  const compiler = join("node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [compiler, "src/celery/child.ts", ...words, folder]);
  const program = `
    import { existsSync } from "node:fs";
    import { runChild } from ${JSON.stringify(join(folder, "child.js"))};
    void runChild(${JSON.stringify(shell(`touch up; ${stubborn}; true`, { env: {} }))});
    setInterval(() => existsSync(${JSON.stringify(join(folder, "up"))}) && process.exit(3), 20);`;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  expect(status).toBe(3);
  expect(processesNaming(mark)).toEqual([]);
});

describe("a child that cannot be started", () => {
  test.each([
    ["no such program", { file: "no-such-program" }, "ENOENT"],
    ["a program that may not be run", { file: "/etc" }, "EACCES"],
    ["no such folder", { cwd: "/no/such/folder" }, "ENOENT"],
    ["a program that the PATH handed in does not have", { file: "sh", env: { PATH: "/nowhere" } }, "ENOENT"],
  ])("%s", async (_, differing, code) => {
    expect(await runChild(shell("true", differing))).toEqual({ kind: "not-started", code });
  });
});
