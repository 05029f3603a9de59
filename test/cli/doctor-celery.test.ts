import { afterAll, beforeAll, describe, expect } from "vitest";
import { freePort } from "../../demo/postgres-watchdog.js";
import type { CeleryLab } from "../cast/celery.js";
import { celeryBinary, celeryParts, startCelery, workerFolder } from "../cast/celery.js";
import { startRedis } from "../cast/redis.js";
import { startWatched } from "../cast/watched.js";
import { alarms, test, unknowns } from "./wells.js";

const parts = celeryParts();
let lab: CeleryLab;
beforeAll(async () => {
  if (parts.available) lab = await startCelery();
});
afterAll(() => lab?.stop());

const env = () => ({
  CELERY_BROKER_URL: lab.brokerUrl,
  CELERY_RESULT_BACKEND: lab.env["CELERY_RESULT_BACKEND"] ?? "",
});

describe.skipIf(!parts.available)("doctor with a real broker and a real worker", { timeout: 60_000 }, () => {
  test("raises no alarm where broker, worker, task, results and the application's Redis are well", async ({
    well,
  }) => {
    const diagnosis = await well.doctor({ ...env(), REDIS_URL: lab.brokerUrl });
    expect([alarms(diagnosis), unknowns(diagnosis)]).toEqual([[], []]);
    const ofCelery = diagnosis.findings.filter(({ family }) => family === "celery");
    expect(
      ofCelery.map(({ name, level, what }) => [name, level, what.replace(/^.*registered/, "registered")]),
    ).toEqual([
      ["celery-reachable", "ok", "the broker answers"],
      ["celery-workers", "ok", expect.any(String)],
      ["celery-task", "ok", "registered at w1@lab"],
      ["celery-results", "ok", "the result backend answers"],
      ["tracking-redis", "ok", "the application's Redis answers"],
    ]);
    expect(diagnosis.code).toBe(0);
  });

  test("leaves nothing in Redis, and publishes nothing with --passive", async ({ well }) => {
    const keys = async () => (await lab.redis("keys", "*")).toSorted();
    const before = await keys();
    await well.doctor(env());
    expect(await keys()).toEqual(before);
    // Workers publish heartbeats all the time; a mailbox for answers is made by whoever asks, and by nobody else.
    expect(await lab.redis("config", "resetstat")).toEqual(["OK"]);
    const diagnosis = await well.doctor(env(), "--passive");
    expect(unknowns(diagnosis)).toContain("celery-task");
    expect(alarms(diagnosis)).toEqual([]);
    expect(await lab.redis("info", "commandstats")).not.toContainEqual(
      expect.stringContaining("cmdstat_sadd"),
    );
    expect(await keys()).toEqual(before);
  });

  test("finds a broker that is down, a result backend that is down, and the other well all the same", async ({
    well,
  }) => {
    const nowhere = `redis://127.0.0.1:${await freePort()}/1`;
    const noBroker = await well.doctor({ ...env(), CELERY_BROKER_URL: nowhere });
    expect(alarms(noBroker)).toEqual(["celery-reachable"]);
    expect(noBroker.findings.find(({ name }) => name === "celery-results")?.level).toBe("ok");
    const noResults = await well.doctor({ ...env(), CELERY_RESULT_BACKEND: nowhere });
    expect(alarms(noResults)).toEqual(["celery-results"]);
    expect(noResults.findings.find(({ name }) => name === "celery-task")?.level).toBe("ok");
    const noTracking = await well.doctor({ ...env(), REDIS_URL: nowhere });
    expect(alarms(noTracking)).toEqual(["tracking-redis"]);
  });

  test("finds a worker that does not know the task", async ({ well }) => {
    const redis = await startRedis();
    const worker = await startWatched(
      [
        ...celeryBinary.split(" "),
        "-A",
        "other_app",
        "worker",
        "-l",
        "info",
        "-n",
        "other@lab",
        "--without-mingle",
      ],
      {
        cwd: workerFolder,
        env: {
          PATH: process.env["PATH"] ?? "",
          PYTHONDONTWRITEBYTECODE: "1",
          CELERY_BROKER_URL: redis.url(0),
        },
        ready: " ready.",
      },
    );
    const diagnosis = await well.doctor({ CELERY_BROKER_URL: redis.url(0) });
    await worker.stop();
    await redis.stop();
    expect(alarms(diagnosis)).toEqual(["celery-task"]);
    expect(
      diagnosis.findings.find(({ name, level }) => name === "celery-task" && level === "warning")?.what,
    ).toBe("send_meta_event is not registered at other@lab");
  });

  test("asks through the application's own celery where the broker is no Redis that we can ask", async ({
    well,
  }) => {
    // Sentinel's form of URL; the application's own settings name the real one.
    const diagnosis = await well.doctor({
      PURCHASE_FIX_CELERY_BIN: `/usr/bin/env CELERY_BROKER_URL=${lab.brokerUrl} ${celeryBinary}`,
      PURCHASE_FIX_CELERY_CWD: workerFolder,
    });
    expect(diagnosis.findings.filter(({ name }) => name === "celery-task")).toMatchObject([
      { level: "ok", what: "send_meta_event is registered at w1@lab" },
    ]);
    expect(alarms(diagnosis)).toEqual([]);
  });

  test("finds that the workers are gone, which leaves the task not known", async ({ well }) => {
    await lab.worker.kill();
    const diagnosis = await well.doctor(env());
    expect(alarms(diagnosis)).toEqual(["celery-workers"]);
    expect(unknowns(diagnosis)).toEqual(["celery-task"]);
    expect(diagnosis.findings.find(({ name }) => name === "celery-workers")?.mend).toMatch(
      /^start the workers/,
    );
  });
});
