import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { celeryCommand, SEND_TASK } from "../../src/celery/inspect.js";
import { Secret } from "../../src/redact.js";
import { judgeWorkers } from "../../src/sales/workers-judge.js";
import type { CelerySnapshot } from "../../src/sales/workers.js";

const active = `{"w1@lab": []}`;
const stats = `{"w1@lab": {"total": {}, "pid": 1, "pool": {"max-concurrency": 2}}}`;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "purchase-fix asking-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Asks a program that answers as Celery might; `cases` are branches of a shell's `case`, by question. */
function ask(cases: string, timeoutMs = 1_000): Promise<CelerySnapshot> {
  const program = join(folder, "celery");
  const note = `printf '%s\\n' "$*" >> "${folder}/asked"; printf '%s' "$CELERY_BROKER_URL" > "${folder}/broker"`;
  writeFileSync(program, `#!/bin/sh\n${note}\ncase "$4" in\n${cases}\n*) exit 69;;\nesac\n`);
  chmodSync(program, 0o755);
  const port = celeryCommand({
    binary: `"${program}"`,
    app: "celery_app",
    cwd: folder,
    env: { PATH: process.env["PATH"], CELERY_BROKER_URL: "redis://of-the-environment/0" },
    brokerUrl: new Secret("redis://of-the-configuration/0"),
    sendTask: SEND_TASK,
    now: Date.now,
  });
  return port.inspect({ timeoutMs });
}

function asked(): string[] {
  return readFileSync(join(folder, "asked"), "utf8").trim().split("\n").toSorted();
}

describe("the workers are asked", () => {
  const known = `active|reserved|scheduled) echo '${active}';;\nstats) echo '${stats}';;`;

  test("four questions, always of the application, and nothing after answers", async () => {
    const snapshot = await ask(known);
    expect(snapshot).toMatchObject({
      unanswered: [],
      workers: [{ name: "w1@lab", slots: 2, busy: 0, reserved: 0 }],
    });
    expect(asked()).toEqual([
      "-A celery_app inspect active --json --timeout 0.5",
      "-A celery_app inspect reserved --json --timeout 0.5",
      "-A celery_app inspect scheduled --json --timeout 0.5",
      "-A celery_app inspect stats --json --timeout 0.5",
    ]);
  });

  test("on the broker of the configuration", async () => {
    await ask(known);
    expect(readFileSync(join(folder, "broker"), "utf8")).toBe("redis://of-the-configuration/0");
  });

  test("once more and patiently where all were silent", async () => {
    const snapshot = await ask("ping) exit 69;;", 5_000);
    expect(snapshot.workers).toEqual([]);
    const [, ping, ...rest] = asked();
    expect(rest).toHaveLength(3);
    const patience = /^-A celery_app inspect ping --json --timeout (\d\.\d)$/.exec(ping ?? "")?.[1];
    expect(Number(patience)).toBeGreaterThan(1);
    expect(Number(patience)).toBeLessThan(5.1);
  });
});

describe("of a worker is not known", () => {
  test("what it did not tell while it answered a ping", async () => {
    const snapshot = await ask(`ping) echo '{"w1@lab": {"ok": "pong"}}';;`);
    expect(snapshot).toMatchObject({
      workers: [{ name: "w1@lab", slots: null, busy: null, scheduled: null }],
    });
    expect(judgeWorkers(snapshot)).toMatchObject({
      state: "unknown",
      because: "w1@lab answered, but did not tell slots and running tasks within 1 s",
    });
  });

  test.each([
    ["failed", "exit 1"],
    ["was silent", "exit 69"],
    ["never came back", "exec sleep 60"],
    ["flooded its output", "exec yes"],
    ["brought no JSON", "echo pong"],
  ])("what a question was to bring that %s; the other answers stand", async (_, instead) => {
    const snapshot = await ask(
      `active|reserved) echo '${active}';;\nstats) echo '${stats}';;\nscheduled) ${instead};;`,
    );
    expect(snapshot.unanswered).toEqual(["scheduled"]);
    expect(snapshot.workers).toMatchObject([{ slots: 2, busy: 0, reserved: 0, scheduled: null }]);
    expect(judgeWorkers(snapshot).state).toBe("healthy");
    expect(asked()).toHaveLength(4);
  });
});

describe("it could not ask", () => {
  test("where a question failed and no other was answered", async () => {
    const failed = ask("stats) echo 'kombu.exceptions.OperationalError: gone' >&2; exit 1;;");
    await expect(failed).rejects.toMatchObject({
      problem: { what: "Celery cannot reach its broker", why: "kombu.exceptions.OperationalError: gone" },
    });
    expect(asked()).toHaveLength(4);
  });

  test("where the broker went away before the ping", async () => {
    const failed = ask("ping) echo 'redis.exceptions.ConnectionError: gone' >&2; exit 1;;");
    await expect(failed).rejects.toMatchObject({ problem: { what: "Celery cannot reach its broker" } });
  });

  test("where a signal ended Celery", async () => {
    await expect(ask("*) kill -KILL $$;;")).rejects.toMatchObject({
      problem: { what: expect.stringMatching(/ ended with a signal and no answer$/) },
    });
  });

  test("where the application's own database is down, which is not the broker", async () => {
    const why = 'sqlalchemy.exc.OperationalError: connection to "db" refused';
    await expect(ask(`*) echo '${why}' >&2; exit 1;;`)).rejects.toMatchObject({
      problem: { what: expect.stringMatching(/ ended with exit code 1 and no answer$/), why },
    });
  });

  test("where all output is too much", async () => {
    await expect(ask("*) exec yes;;")).rejects.toMatchObject({
      problem: { what: expect.stringMatching(/ printed more than it may$/) },
    });
  });

  test("and silence stays silence where only the ping ran out of time", async () => {
    expect((await ask("ping) exec sleep 60;;")).workers).toEqual([]);
  });
});
