import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "../../bench/bench.js";
import { quick } from "../../bench/bench.js";
import { WrongAnswer } from "../../bench/engine/pairs.js";
import type { Row } from "../../bench/engine/row.js";
import { judge } from "../../bench/engine/row.js";
import { demandEvents } from "../../bench/ground/graph.js";
import type { Ran } from "../../bench/ground/launcher.js";
import type { Shop, Shops } from "../../bench/ground/shops.js";
import { groups } from "../../bench/groups.js";
import { control } from "../../bench/rows/control.js";

/* A benchmark in which every program is quick and answers wrongly: no row may believe it. */

let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "purchase-fix-bench-test-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const arrived = { requests: 1, events: 1, distinct: 1, offences: [] };

/** What every child says: well formed, so that a row must look at the answer itself. */
const lie = { wallMs: 1, cpuMs: 1, sales: 0, kinds: { ambiguous: 1 } };

function lying(): Bench {
  const answer = async (): Promise<Ran> => {
    const stdout = join(folder, "stdout");
    writeFileSync(stdout, `${JSON.stringify(lie)}\n`);
    return { code: 0, wallMs: 1, cpuMs: 1, peakMb: 1, stdout, stderr: "" };
  };
  const row = { n: -1, ms: 1, id: 1, paymentId: "BOT1_1", eventId: "pageview_1", flaggedAt: Date.now() };
  const shop = (rows: object[]): Shop => ({
    name: "shop",
    url: "postgresql://nowhere/shop",
    query: async () => rows as never[],
    drop: async () => undefined,
  });
  const shops: Shops = {
    key: "key",
    version: "15",
    year: async () => shop([]),
    stuck: async () => shop([row]),
    stop: async () => undefined,
  };
  const path = () => "/nowhere";
  return {
    size: { ...quick, shortRounds: 1, pick: () => 1 },
    tools: {
      psql: path,
      barePsql: path,
      pgbench: path,
      python: path,
      pythonWithRequests: path,
      grep: path,
      sdk: path,
    },
    shops: async () => shops,
    graph: async () => ({
      url: "http://nowhere",
      reset: async () => undefined,
      arrived: async () => arrived,
      demand: async () => demandEvents(arrived, 2),
      stop: async () => undefined,
    }),
    run: answer,
    product: answer,
    settings: async () => ({}),
  };
}

async function played(group: (typeof groups)[number]): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const one of group.play(lying())) rows.push(one);
  return rows;
}

describe("a wrong answer", () => {
  test.each(groups.map((group) => [group.name, group] as const))(
    "fails every row of %s",
    async (_name, group) => {
      const rows = await played(group);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.map((row) => [row.what, row.fault?.text, judge(row, false)])).toEqual(
        rows.map((row) => [row.what, row.fault?.text, "wrong"]),
      );
    },
  );

  test("fails the control, which is played by itself", async () => {
    await expect(control(lying())).rejects.toThrow(WrongAnswer);
  });

  test("is an event that arrived twice, one that did not arrive, and one that Meta would refuse", () => {
    const all = { requests: 1, events: 3, distinct: 3, offences: [] };
    expect(() => demandEvents(all, 3)).not.toThrow();
    expect(() => demandEvents({ ...all, distinct: 2 }, 3)).toThrow(WrongAnswer);
    expect(() => demandEvents({ ...all, events: 2, distinct: 2 }, 3)).toThrow(WrongAnswer);
    expect(() => demandEvents({ ...all, offences: ["no access token"] }, 3)).toThrow(WrongAnswer);
  });
});
