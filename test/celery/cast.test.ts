import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { celeryParts } from "../cast/celery.js";

const parts = celeryParts();
const install = "apt-get install -y --no-install-recommends redis-server python3-celery python3-redis";

describe("where the parts are missing", () => {
  const withoutRedis = { PATH: "/nowhere" };

  test("one line tells what is skipped and how to get it", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const found = celeryParts(withoutRedis);
    const lines = write.mock.calls.map(([line]) => line);
    write.mockRestore();
    expect(found).toMatchObject({ available: false, how: install });
    expect(lines).toEqual([
      expect.stringMatching(
        /^skipped: tests with a real Celery worker \(cannot run redis-server.*\); to run them: /,
      ),
    ]);
  });

  test("CI skips nothing", () => {
    expect(() => celeryParts({ ...withoutRedis, CI: "true" })).toThrow(install);
  });
});

test.skipIf(!parts.available)("after SIGKILL of Node neither Redis nor the worker lives on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-cast-"));
  const words =
    "--ignoreConfig --noCheck --module nodenext --target es2022 --types node --rootDir . --outDir";
  const compiler = join("node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [compiler, "test/cast/celery.ts", ...words.split(" "), folder]);
  cpSync("test/cast/worker", join(folder, "test", "cast", "worker"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const program = `
    import { startCelery } from ${JSON.stringify(join(folder, "test", "cast", "celery.js"))};
    await startCelery();
    process.stdout.write("ready");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    const groups = processes().flatMap(({ parent, group }) => (parent === child.pid ? [group] : []));
    const living = (): string[] =>
      processes().flatMap(({ group, args }) => (groups.includes(group) ? [args] : []));
    expect(living().filter((args) => args.includes("redis-server 127.0.0.1"))).toHaveLength(1);
    // The main process and its pool of two.
    expect(
      living().filter((args) => args.startsWith("/usr/bin/python3 -m celery")).length,
    ).toBeGreaterThanOrEqual(3);
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(living()).toEqual([]), { timeout: 60_000 });
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

/** All processes but zombies, which wait for a parent to take notice. */
function processes(): { parent: number; group: number; args: string }[] {
  const table = execFileSync("ps", ["-A", "-ww", "-o", "stat=,ppid=,pgid=,args="], { encoding: "utf8" });
  return table.split("\n").flatMap((row) => {
    const [, stat = "Z", parent, group, args = ""] = /^\s*(\S+)\s+(\d+)\s+(\d+) (.*)$/.exec(row) ?? [];
    return stat.startsWith("Z") ? [] : [{ parent: Number(parent), group: Number(group), args }];
  });
}
