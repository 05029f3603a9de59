import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { tellOutside } from "../../src/acting/outside.js";
import { openOutlets } from "../../src/outlets/open.js";
import { Secret } from "../../src/redact.js";
import { MINUTE } from "../../src/sales/sale.js";
import { OutputDouble } from "../cast/doubles.js";
import { ended, sum, summaryOf } from "../cast/summary.js";
import { http } from "../meta/servers.js";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A run of a host whose ping, message and metrics all go somewhere real; `missing` names no folder. */
async function outside({ status = 200, missing = false } = {}) {
  const server = await http((_, response) => response.writeHead(status).end("OK"));
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-outlets-"));
  folders.push(folder);
  const metricsFile = join(folder, missing ? "none" : ".", "m.prom");
  const secret = (path: string) => new Secret(new URL(path, server.url).href);
  let now = ended;
  const outlets = () =>
    openOutlets(
      { pingUrl: secret("/ping"), notifyUrls: [secret("/hook")], metricsFile },
      { clock: { now: () => now, sleep: () => Promise.resolve() }, pid: 4711, version: "0.0.0" },
    );
  return {
    outlets,
    passes: (ms: number) => (now += ms),
    now: () => now,
    paths: () => server.requests.map(({ path }) => path),
    bodies: () => server.requests.map(({ body }) => body),
    metrics: () => readFileSync(metricsFile, "utf8"),
  };
}

describe("a run with all outlets", () => {
  test("starts, posts what it recovered, pings its end and writes its metrics", async () => {
    const place = await outside();
    const outlets = place.outlets();
    await outlets.started();
    expect(await outlets.ended(summaryOf({ resent: sum(1, "97.00") }), null)).toEqual([]);
    expect(place.paths().toSorted()).toEqual(["/hook", "/ping/0", "/ping/start"]);
    expect(place.metrics()).toContain('outcome="resent"} 1\n');
  });

  test("has nothing to post where nothing happened", async () => {
    const place = await outside();
    await place.outlets().ended(summaryOf(), null);
    expect(place.paths()).toEqual(["/ping/0"]);
  });

  test("that cannot write its metrics ends with 1, and says so to the ping and to whoever reads stderr", async () => {
    const place = await outside({ missing: true });
    const output = new OutputDouble();
    const told = await tellOutside(summaryOf(), null, place.outlets(), output);
    expect([told.exitCode, place.paths(), output.summaries]).toEqual([1, ["/ping/1"], [told]]);
    expect(place.bodies()[0]).toContain("trouble: The metrics file ");
    expect(output.warned).toEqual([
      expect.stringMatching(/^The metrics file .* could not be written: ENOENT/),
    ]);
  });

  test("whose ping and message fail ends as it would have", async () => {
    const place = await outside({ status: 500 });
    const output = new OutputDouble();
    const told = await tellOutside(summaryOf({ resent: sum(1, "97.00") }), null, place.outlets(), output);
    expect(told.exitCode).toBe(0);
    expect(output.warned).toEqual([expect.stringMatching(/^The message to /)]);
    expect(output.said).toEqual([expect.stringMatching(/^The ping to /)]);
  });

  test("that fails every minute posts once an hour: the metrics file remembers for the database that cannot", async () => {
    const place = await outside();
    for (let minute = 0; minute < 90; minute += 1) {
      const failed = summaryOf({ exitCode: 2, endedAt: place.now(), problem: "cannot reach the database" });
      await place.outlets().ended(failed, null);
      place.passes(MINUTE);
    }
    // At 13:30, 14:00; the ninetieth minute is 14:59.
    expect(place.paths().filter((path) => path === "/hook")).toHaveLength(2);
    expect(place.paths().filter((path) => path === "/ping/2")).toHaveLength(90);
  });
});

test("with nothing configured nothing happens", async () => {
  const clock = { now: () => ended, sleep: () => Promise.reject(new Error("it slept")) };
  const outlets = openOutlets(
    { pingUrl: null, notifyUrls: [], metricsFile: null },
    { clock, pid: 1, version: "0.0.0" },
  );
  await outlets.started();
  expect(await outlets.ended(summaryOf({ exitCode: 2, problem: "no" }), null)).toEqual([]);
});
