import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Met } from "../../simulate/model.js";
import { prove } from "../../simulate/model.js";

/*
 * The quick part: the same schedules each time, so that a failure is somebody's change. More of them, from any seed:
 * npm run simulate -- --schedules 5000
 */

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

function expectAllMet(met: Partial<Met>): void {
  // A property that never met a case says nothing about it.
  for (const [kind, count] of Object.entries(met)) expect(count, kind).toBeGreaterThan(0);
}

describe("application, Celery, browser, refunds, and several runs of ours, killed, frozen and with wrong clocks", () => {
  test("count nothing twice, and leave no sale without a word", async () => {
    const { met, failure } = await prove({ count: 300, seed: 1, sources: false }, folder);
    expect(failure).toBeNull();
    const { proven, reverted, givenBack, ...rest } = met;
    const none = { proven: 0, reverted: 0, givenBack: 0 };
    expect({ proven, reverted, givenBack }, "without evidence, nothing is proven").toEqual(none);
    expectAllMet(rest);
  });

  test("with logs and broker: what is called lost had reached Meta by no task, and never does", async () => {
    const { met, failure } = await prove({ count: 12, seed: 4, sources: true }, folder);
    expect(failure).toBeNull();
    expectAllMet(met);
  });
});
