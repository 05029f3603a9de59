import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { violations } from "../../simulate/guarantees.js";
import { play } from "../../simulate/play.js";
import { schedule } from "../../simulate/schedule.js";

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("application, Celery, browser, refunds and several runs of ours, killed, frozen and with wrong clocks", () => {
  test("count nothing twice, call nothing lost that arrived, and leave no attempt without an end", async () => {
    const seen = { died: 0, sent: 0, proven: 0, confirmed: 0, reverted: 0, left: 0 };
    await fc.assert(
      fc.asyncProperty(schedule, async (told) => {
        const played = await play(told, folder);
        const { world, provenLost, last, died } = played;
        const wrong = violations(told, played);
        if (wrong.length > 0) throw new Error([...wrong, ...world.story].join("\n"));
        seen.died += died;
        seen.sent += world.graph.requests.length;
        seen.proven += provenLost.size;
        seen.confirmed += last.outcomes.length;
        seen.reverted += world.shop.journal.filter(({ effect }) => effect === "reverted").length;
        seen.left += last.left.length;
      }),
      { numRuns: Number(process.env["MODEL_RUNS"] ?? 400) },
    );
    console.log(seen);
    for (const [kind, count] of Object.entries(seen)) expect(count, kind).toBeGreaterThan(0);
  });
});
