import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/doctor/diagnose.js";
import { judgeDrift } from "../../src/doctor/drift.js";
import type { Finding } from "../../src/doctor/finding.js";
import { families, isAlarming, levels, tally } from "../../src/doctor/finding.js";
import { judgeGraph } from "../../src/doctor/graph.js";
import { lifeOf } from "../../src/doctor/graph-versions.js";
import { judgeJournal } from "../../src/doctor/journal.js";
import { judgeLogs } from "../../src/doctor/logs.js";
import { judgePools } from "../../src/doctor/pools.js";
import { judgeClickIndex } from "../../src/doctor/click-index.js";
import { judgeIndex } from "../../src/doctor/stuck-index.js";
import { judgeDatabaseClock, judgeZone, skewOf } from "../../src/doctor/time.js";
import { judgeServer } from "../../src/doctor/database.js";
import { examined, graph, index, journal, logs, now, pool, rows, server } from "./facts.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const told = (findings: readonly Finding[]) => findings.map(({ name, level }) => `${name} ${level}`);

describe("the whole", () => {
  test("raises no alarm where all is well", () => {
    const findings = diagnose(examined);
    expect(findings.filter(({ level }) => level !== "ok" && level !== "note")).toEqual([]);
    expect(isAlarming(findings)).toBe(false);
  });

  test("tells families in their order, and of each level how many", () => {
    const findings = diagnose({ ...examined, server: { trouble: { what: "gone" } } });
    const order = Object.keys(families);
    const places = findings.map(({ family }) => order.indexOf(family));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const totals = tally(findings);
    expect(levels.reduce((sum, level) => sum + totals[level], 0)).toBe(findings.length);
    expect(totals.fault).toBe(1);
  });

  test("what nobody could look at is unknown, and no alarm; what was not asked for is not told", () => {
    const trouble = { trouble: { what: "a statement took too long" } };
    const findings = diagnose({
      ...examined,
      rows: trouble,
      index: trouble,
      journal: null,
      pools: trouble,
      graph: trouble,
      celery: trouble,
      logs: trouble,
    });
    expect(findings.filter(({ level }) => level === "unknown").map(({ name }) => name)).toEqual([
      "stuck-index",
      "pools",
      "graph-reachable",
      "celery-reachable",
      "logs",
      "rows",
    ]);
    expect(findings.some(({ family }) => family === "journal")).toBe(false);
    expect(isAlarming(findings)).toBe(false);
  });
});

describe("the life of a version of the Graph API", () => {
  test.each([
    ["v20.0", now, "ended"],
    ["v21.0", Date.UTC(2026, 9, 1), "alive"],
    ["v21.0", now, "ending"],
    ["v21.0", Date.UTC(2027, 0, 20), "ending"],
    ["v21.0", Date.UTC(2027, 0, 21), "ended"],
    ["v23.0", now, "alive"],
    ["v25.0", now, "alive"],
    ["v25.0", Date.UTC(2028, 5, 1), "ending"],
    ["v26.0", Date.UTC(2030, 0, 1), "alive"],
    ["v31.0", now, "newer"],
  ])("%s at %d is %s", (version, at, kind) => {
    expect(lifeOf(version, at).kind).toBe(kind);
  });

  test("is an alarm when it nears its end, a note when it is newer than we know", () => {
    const of = (version: string) => told(judgeGraph({ ...graph, version }, now))[0];
    expect([of("v20.0"), of("v21.0"), of("v31.0"), of("v26.0")]).toEqual([
      "graph-version fault",
      "graph-version warning",
      "graph-version note",
      "graph-version ok",
    ]);
  });
});

describe("tokens and pixels", () => {
  const of = (one: Partial<(typeof graph.pixels)[number]>) =>
    told(
      judgeGraph(
        {
          ...graph,
          pixels: [
            {
              pool: null,
              pixelId: "123456789",
              token: { kind: "valid", expiresAt: null },
              pixel: { kind: "seen" },
              ...one,
            },
          ],
        },
        now,
      ),
    ).slice(2);

  test.each([
    [null, "ok"],
    [now + 15 * DAY, "ok"],
    [now + 13 * DAY, "warning"],
  ])("a token that ends at %s is %s", (expiresAt, level) => {
    expect(of({ token: { kind: "valid", expiresAt } })[0]).toBe(`access-token ${level}`);
  });

  test("one that Meta refuses is a fault; one that it does not speak of, and a pixel that it does not show, are not known", () => {
    const because = "(#100) Unsupported get request";
    expect(of({ token: { kind: "invalid", because } })).toEqual(["access-token fault", "pixel ok"]);
    expect(
      of({ token: { kind: "inconclusive", because }, pixel: { kind: "inconclusive", because } }),
    ).toEqual(["access-token unknown", "pixel unknown"]);
  });

  test("a pixel is named by its last four digits, and no more", () => {
    const findings = judgeGraph(
      {
        ...graph,
        pixels: [
          {
            pool: 6,
            pixelId: "410000000000017",
            token: { kind: "valid", expiresAt: null },
            pixel: { kind: "inconclusive", because: "HTTP 400" },
          },
        ],
      },
      now,
    );
    expect(JSON.stringify(findings)).toContain("pixel …0017");
    expect(JSON.stringify(findings)).not.toContain("410000000000017");
  });
});

describe("clocks", () => {
  test("an answer that took long is no skew: only what it cannot explain is", () => {
    expect(skewOf({ before: 0, at: 9_000, after: 10_000 })).toBe(0);
    expect(skewOf({ before: 0, at: 12_000, after: 10_000 })).toBe(2_000);
    expect(skewOf({ before: 5_000, at: 1_000, after: 6_000 })).toBe(-4_000);
    // A header that is exact to the second lies up to a second behind.
    expect(skewOf({ before: 5_900, at: 5_000, after: 6_000 }, 1_000)).toBe(0);
  });

  test("half a minute is borne", () => {
    const at = (skew: number) =>
      judgeDatabaseClock({ ...server, clock: { before: now, at: now + skew, after: now } }).level;
    expect([at(30_000), at(30_001), at(-30_000), at(-30_001)]).toEqual(["ok", "warning", "ok", "warning"]);
  });

  test("the skew never exceeds the distance, and has its sign", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e4), fc.integer({ min: -1e6, max: 1e6 }), (before, took, off) => {
        const skew = skewOf({ before, at: before + off, after: before + took });
        expect(Math.abs(skew)).toBeLessThanOrEqual(Math.abs(off));
        if (skew !== 0) expect(Math.sign(skew)).toBe(Math.sign(off));
      }),
    );
  });
});

describe("the zone of times without one", () => {
  const zoneOf = (some: Partial<typeof rows>) =>
    judgeZone({ ...rows, ...some }, server, "UTC").map(({ name, level, mend }) => [name, level, mend]);
  const fresh = [{ zone: "America/Sao_Paulo", at: now - 60_000 }];

  test.each([
    ["a payment of this minute", { newest: now - 60_000, newestIn: fresh }, "ok", null],
    ["no payment at all", { newest: null }, "note", null],
    [
      "one in the future",
      { newest: now + 3 * HOUR, newestIn: fresh, future: 2 },
      "warning",
      "PURCHASE_FIX_DB_TIMEZONE=America/Sao_Paulo",
    ],
    [
      "one in the future that no known zone explains",
      { newest: now + 5 * HOUR, newestIn: [], future: 1 },
      "warning",
      "--db-timezone: the zone of the clock that the application writes by",
    ],
    [
      "hours behind in a busy shop",
      { newest: now - 3 * HOUR, newestIn: fresh },
      "warning",
      "PURCHASE_FIX_DB_TIMEZONE=America/Sao_Paulo",
    ],
    [
      "hours behind in a shop that sells seldom",
      { newest: now - 3 * HOUR, newestIn: fresh, busy: 5 },
      "ok",
      null,
    ],
    [
      "hours behind, and in no zone fresh",
      { newest: now - 3 * HOUR, newestIn: [{ zone: "America/Sao_Paulo", at: now - 2 * HOUR }] },
      "ok",
      null,
    ],
    [
      "fresh only in a zone that is no setting's name",
      { newest: now - 3 * HOUR, newestIn: [{ zone: "<-03>+03", at: now - 60_000 }] },
      "ok",
      null,
    ],
    ["a few minutes ahead, as clocks are", { newest: now + 9 * 60_000 }, "ok", null],
  ])("%s", (_, some, level, mend) => {
    expect(zoneOf(some)).toEqual([["zone", level, mend]]);
  });
});

describe("the partial index", () => {
  const of = (
    predicate: string | null,
    some: Partial<(typeof index.indexes)[number]> = {},
    rowCount: number | null = 10_000_000,
  ) =>
    judgeIndex({
      ...index,
      rows: rowCount,
      indexes: [{ name: "x", valid: true, first: "created_at", predicate, ...some }],
    })[0];

  test.each([
    "(((status)::text = 'paid'::text) AND meta_purchase_sent AND (meta_event_id IS NULL))",
    "((meta_event_id IS NULL) AND ((status)::text = 'paid'::text))",
    "(meta_event_id IS NULL)",
    "((status = 'paid'::payment_status) AND (meta_purchase_sent = true) AND (meta_event_id IS NULL))",
    "(((status)::character varying(20) = 'paid'::text) AND (meta_event_id IS NULL))",
    `((status = 'paid'::"Status") AND (meta_event_id IS NULL))`,
  ])("serves: %s", (predicate) => {
    expect(of(predicate)?.level).toBe("ok");
  });

  test.each([
    null,
    "((status)::text = 'paid'::text)",
    "(((status)::text = 'pending'::text) AND (meta_event_id IS NULL))",
    "((meta_event_id IS NOT NULL) AND meta_purchase_sent)",
    "((meta_event_id IS NULL) OR meta_purchase_sent)",
    "((meta_event_id IS NULL) AND (amount > (0)::double precision))",
  ])("serves not: %s", (predicate) => {
    expect(of(predicate, { first: "id" })?.level).toBe("warning");
  });

  test("an index over all of created_at is enough not to alarm; a small table needs none", () => {
    expect(of(null)?.level).toBe("note");
    expect(of(null, { first: "id" }, 99_999)?.level).toBe("note");
    expect(of(null, { first: "id" }, null)?.level).toBe("note");
  });

  test("its size is told before it is built: so many pages of 8 kB", () => {
    const size = (stuck: number | null) => judgeIndex({ ...index, indexes: [], stuck })[0]?.why;
    expect(size(10_000)).toContain("about 232 kB");
    expect(size(0)).toContain("about 16 kB");
    expect(size(10_000_000)).toContain("about 212 MB");
    expect(size(null)).toContain("size not known");
  });
});

describe("the index of clicks", () => {
  const click = { name: "payments_click", valid: true, predicate: null, first: "pageview_event_id" };
  const of = (some: Partial<typeof index>) => told(judgeClickIndex({ ...index, clicks: true, ...some }));

  test("is missed in a large table alone, and in a shop that keeps clicks", () => {
    expect(of({})).toEqual(["click-index note"]);
    expect(of({ rows: 99_999 })).toEqual([]);
    expect(of({ clicks: false })).toEqual([]);
  });

  test("serves over all rows that bear a click, first column first, and where it is valid", () => {
    expect(of({ indexes: [click] })).toEqual(["click-index ok"]);
    expect(of({ indexes: [{ ...click, predicate: "(pageview_event_id IS NOT NULL)" }] })).toEqual([
      "click-index ok",
    ]);
    expect(of({ indexes: [{ ...click, predicate: "((status)::text = 'paid'::text)" }] })).toEqual([
      "click-index note",
    ]);
    expect(of({ indexes: [{ ...click, first: "bot_id" }] })).toEqual(["click-index note"]);
    expect(of({ indexes: [{ ...click, valid: false }] })).toEqual(["click-index note"]);
  });
});

describe("server, journal and pools", () => {
  test("an old server and a standby are told beside being reached", () => {
    expect(told(judgeServer({ ...server, versionNumber: 110_022, readOnly: "standby" }))).toEqual([
      "database-reachable ok",
      "database-version warning",
      "database-writable warning",
    ]);
  });

  test("a journal that is yet to be made is a note for who may make it, and an alarm for who may not", () => {
    expect(told(judgeJournal({ ...journal, version: null, mayCreate: true }))).toEqual([
      "journal-schema note",
    ]);
    expect(told(judgeJournal({ ...journal, version: null }))).toEqual(["journal-schema warning"]);
    expect(told(judgeJournal({ ...journal, version: 2, mayCreate: true }))).toEqual(["journal-schema note"]);
    expect(told(judgeJournal({ ...journal, version: 4 }))).toEqual(["journal-schema fault"]);
  });

  test("who may not clear what observe keeps is told how; nothing else hangs on it", () => {
    const [finding] = judgeJournal({ ...journal, keeps: ["observation"] });
    expect([finding?.level, finding?.mend]).toEqual([
      "note",
      "grant delete on purchase_fix.observation to purchase_fix;",
    ]);
    expect(judgeJournal({ ...journal, lacking: ["attempt"] })[0]?.level).toBe("warning");
  });

  test("a shop without pools needs a pixel of its own", () => {
    expect(told(judgePools(null, true))).toEqual(["pools ok"]);
    expect(told(judgePools(null, false))).toEqual(["pools warning"]);
  });

  test("a pool that is switched off is a note, whatever else is wrong with it", () => {
    const off = { ...pool, on: false, pixelId: null, hasToken: false, testEventCode: true };
    expect(told(judgePools({ pools: [off], lack: null }, false))).toEqual([
      "encryption-key ok",
      "pool-off note",
    ]);
  });

  test("two pools of one pixel are a note; a second one that is off is nothing", () => {
    const second = { ...pool, id: 7 };
    expect(told(judgePools({ pools: [pool, second], lack: null }, false))).toEqual([
      "encryption-key ok",
      "several-pools note",
    ]);
    const off = { ...second, pixelId: "222", on: false };
    expect(told(judgePools({ pools: [pool, off], lack: null }, false))).not.toContain(
      "several-pools warning",
    );
  });
});

describe("logs", () => {
  const of = (some: Partial<typeof logs>, of: Partial<typeof rows> | null = {}) =>
    told(judgeLogs({ ...logs, ...some }, of === null ? null : { ...rows, ...of }, now));
  const lastAt = (last: number) => logs.files.map((file) => ({ ...file, last }));

  test("are stale half an hour behind the newest payment, or after a day without a line", () => {
    expect(of({ files: lastAt(now - 29 * 60_000) })).toEqual(["logs ok"]);
    expect(of({ files: lastAt(now - 40 * 60_000) })).toEqual(["log-stale warning"]);
    expect(of({ files: lastAt(now - 40 * 60_000) }, { newest: now - 50 * 60_000 })).toEqual(["logs ok"]);
    expect(of({ files: lastAt(now - 2 * HOUR) }, null)).toEqual(["logs ok"]);
    expect(of({ files: lastAt(now - 25 * HOUR) }, null)).toEqual(["log-stale warning", "log-stale warning"]);
  });

  test("a payment in the future does not make them stale", () => {
    expect(of({}, { newest: now + 3 * HOUR })).toEqual(["logs ok"]);
  });

  test("cover the oldest stuck sale, or it is told; one that is too old to send, or of this hour, asks nothing", () => {
    const short = { wholeSince: { application: now - 2 * HOUR, worker: now - 9 * DAY } };
    expect(of(short, { oldestStuck: now - 3 * HOUR })).toEqual(["log-covering warning"]);
    expect(of(short, { oldestStuck: now - 90 * 60_000 })).toEqual(["logs ok"]);
    expect(of(short, { oldestStuck: now - 8 * DAY })).toEqual(["logs ok"]);
    const none = { wholeSince: { application: null, worker: null } };
    expect(of(none, { oldestStuck: now - 50 * 60_000 })).toEqual(["logs ok"]);
    expect(of(none, { oldestStuck: now - 3 * HOUR })).toEqual(["log-covering warning"]);
  });
});

describe("what the application does now", () => {
  const of = (some: Partial<typeof rows>, rest: Partial<Parameters<typeof judgeDrift>[0]> = {}) =>
    told(
      judgeDrift({
        rows: { ...rows, ...some },
        logs,
        storedThoughRefused: 0,
        currency: "BRL",
        ...rest,
      }),
    );

  test("two odd rows are nobody's habit; three are, and one sign in the logs is enough", () => {
    expect(of({ idWithoutFlag: 2, idUnpaid: 2 })).toEqual(["id-before-send ok"]);
    expect(of({ idWithoutFlag: 3 })).toEqual(["id-before-send warning"]);
    expect(of({ idUnpaid: 3 })).toEqual(["id-before-send warning"]);
    expect(of({}, { storedThoughRefused: 1 })).toEqual(["id-before-send warning"]);
    expect(of({}, { logs: { ...logs, storedBeforeQueued: 1 } })).toEqual(["id-before-send warning"]);
  });

  test("silent losses are told with their number and money", () => {
    const [finding] = judgeDrift({
      rows: { ...rows, folded: { count: 12, amount: "1164.00" } },
      logs: null,
      storedThoughRefused: 0,
      currency: "BRL",
    });
    expect(finding?.what).toMatch(/^12 of 200 paid sales of the last 7 days .* \(BRL 1164\.00\)/);
  });
});
