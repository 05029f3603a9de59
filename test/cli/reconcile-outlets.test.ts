import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { closedPort } from "../meta/servers.js";
import { hasParser, parsed } from "../cast/prometheus.js";
import type { Shop } from "./fixtures.js";
import type { Outside } from "./outside.js";
import { shapeOf } from "./shape.js";
import { refuseNames, test } from "./outside.js";

const yes = "reconcile --yes --no-broker";
const runIn = (shop: Shop, { env }: Outside, words = "", more: Record<string, string> = {}) =>
  shop.run(`${yes} ${words}`, { env: { ...env, ...more } });
const logged = (stderr: string) =>
  stderr
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const canParse = hasParser();

/** The file as Prometheus' own parser reads it: the values of a family's only sample, by name. */
async function gauges(outside: Outside): Promise<Record<string, number>> {
  const [families = []] = await parsed([outside.metrics()]);
  expect(families.length).toBeGreaterThanOrEqual(5);
  return Object.fromEntries(
    families.flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => [
        [name.replace("purchase_fix_", ""), labels["outcome"]].filter(Boolean).join(" "),
        value,
      ]),
    ),
  );
}

describe.concurrent("reconcile tells the outside", () => {
  test("of money that it recovered, and stays silent here and there when nothing happened", async ({
    shop,
    outside,
  }) => {
    const sale = await shop.sale();
    const { code, stdout, stderr } = await runIn(shop, outside, "--quiet --log-format json");
    expect([code, stdout]).toEqual([0, ""]);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(outside.pings()).toEqual(["start", "0"]);
    expect(outside.ping("0")).toMatch(
      /^reconcile: 1 resent \(BRL 97\.00\)\n\nexit code 0, run [0-9a-f]{12}\n/,
    );
    const text = "purchase-fix reconcile\n1 resent (BRL 97.00)";
    expect(outside.messages()).toEqual({ slack: [text], telegram: [text] });
    const [attempt] = (await shop.attempts()) ?? [];
    expect(logged(stderr)).toEqual([
      expect.objectContaining({
        level: "info",
        command: "reconcile",
        run: attempt?.run,
        event: "summary",
        exitCode: 0,
        resent: { count: 1, amount: "97.00" },
        problem: null,
      }),
    ]);
    if (canParse)
      expect(await gauges(outside)).toMatchObject({
        last_run_exit_code: 0,
        "last_run_sales resent": 1,
        needs_person_sales: 0,
      });
    await refuseNames(shop, outside);

    for (const format of ["json", "text"]) {
      const again = await runIn(shop, outside, `--quiet --log-format ${format}`);
      expect(again).toMatchObject({ code: 0, stdout: "", stderr: "" });
    }
    expect(outside.pings()).toEqual(["start", "0", "start", "0", "start", "0"]);
    expect(outside.messages().slack).toHaveLength(1);
    if (canParse) expect(await gauges(outside)).toMatchObject({ "last_run_sales resent": 0 });
  });

  test("of a sale that needs a person once, as long as nothing is added to it", async ({ shop, outside }) => {
    await shop.sale({ paidHoursAgo: 60 });
    const text =
      "purchase-fix reconcile\n1 needs a person (BRL 97.00)\nnext: purchase-fix find-stuck --hours 168";
    for (const _ of [1, 2]) {
      expect(await runIn(shop, outside, "--quiet")).toMatchObject({ code: 1, stdout: "" });
      expect(outside.messages()).toEqual({ slack: [text], telegram: [text] });
    }
    expect(outside.pings()).toEqual(["start", "1", "start", "1"]);
    expect(outside.ping("1")).toMatch(/^left: 1 sale \(BRL 97\.00\), untraceable, pixel …\d{4}$/m);
    if (canParse)
      expect(await gauges(outside)).toMatchObject({ needs_person_sales: 1, last_run_exit_code: 1 });
    await shop.sale({ paidHoursAgo: 61 });
    await runIn(shop, outside, "--quiet");
    expect(outside.messages().slack.slice(1)).toEqual([
      text.replace("1 needs a person (BRL 97", "2 need a person (BRL 194"),
    ]);
    await refuseNames(shop, outside);
  });

  test("by a summary in its log whose fields and types are pinned, and stand in the README", async ({
    shop,
    outside,
  }) => {
    await shop.sale();
    await shop.sale({ paidHoursAgo: 60 });
    const { code, stderr } = await runIn(shop, outside, "--log-format json");
    expect(code).toBe(1);
    const summary = logged(stderr).at(-1) ?? {};
    expect(summary["event"]).toBe("summary");
    const sum = { count: "number", amount: "string" };
    expect(shapeOf(summary)).toEqual({
      time: "string",
      level: "string",
      msg: "string",
      event: "string",
      command: "string",
      run: "string",
      startedAt: "string",
      endedAt: "string",
      exitCode: "number",
      currency: "string",
      problem: "null",
      lastSuccessAt: "string",
      backlog: [{ verdict: "string", obstacle: "string", pixelId: "string", ...sum }],
      confirmed: sum,
      resent: sum,
      reverted: sum,
      refused: sum,
      unconfirmed: sum,
      unreached: sum,
      expiringWithin24h: sum,
      expired: sum,
      expiredSinceLast: sum,
      needsPerson: sum,
      quarantined: sum,
      acknowledged: sum,
    });
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const row = /^\| the summary of an unattended run [^|]*\|(.*)\|$/m.exec(readme)?.[1] ?? "";
    const names = [...row.matchAll(/`(\w+)(?:\[\])?`/g)].map(([, name]) => name);
    const [part = {}] = summary["backlog"] as object[];
    expect(new Set(names)).toEqual(new Set([...Object.keys(summary), ...Object.keys(part)]));
  });

  test("nothing but a line in its log where another run holds the lock, and leaves that one its metrics", async ({
    shop,
    outside,
    gate,
  }) => {
    await shop.sale();
    const first = shop.start(yes, gate);
    await gate.arrived;
    const quiet = await runIn(shop, outside, "--quiet --log-format json");
    expect(quiet).toMatchObject({ code: 75, stdout: "", stderr: "" });
    const loud = await runIn(shop, outside);
    gate.open();
    expect([loud.code, loud.stderr]).toEqual([75, expect.stringContaining("Another run holds the lock")]);
    expect(outside.pings()).toEqual(["log", "log"]);
    expect(outside.messages()).toEqual({ slack: [], telegram: [] });
    expect(outside.metrics()).toBe("");
    expect((await first.ended).code).toBe(0);
    await refuseNames(shop, outside);
  });

  test("that a signal ended it", async ({ shop, outside, gate }) => {
    await shop.manySales(1002);
    const running = shop.start(`${yes} --quiet`, { env: { ...outside.env, ...gate.env } });
    await gate.arrived;
    running.kill("SIGTERM");
    // With --quiet nothing says that it is settling.
    gate.open();
    const { code, stderr } = await running.ended;
    expect(code).toBe(143);
    expect(stderr).toMatch(
      /^reconcile: interrupted; 1000 resent \(BRL 10000\.00\), 2 unreached \(BRL 20\.00\)/m,
    );
    expect(outside.pings()).toEqual(["start", "143"]);
    expect(outside.ping("143")).toContain("what is left is not known");
    if (canParse) {
      const told = await gauges(outside);
      expect(told).toMatchObject({
        last_run_exit_code: 143,
        "last_run_sales resent": 1000,
        "last_run_sales unreached": 2,
      });
      expect(told).not.toHaveProperty("needs_person_sales");
    }
    await refuseNames(shop, outside);
  });

  test("that it has no database, once", async ({ shop, outside }) => {
    await shop.sale();
    const DATABASE_URL = `postgresql://ana:senha-do-banco-7f@127.0.0.1:${await closedPort()}/loja`;
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await runIn(shop, outside, "--quiet", { DATABASE_URL });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^error: Cannot reach the database at /m);
    }
    expect(outside.pings()).toEqual(["2", "2"]);
    expect(outside.ping("2")).toMatch(/^reconcile: Cannot reach the database at .*; nothing done$/m);
    const text = expect.stringMatching(
      /^purchase-fix reconcile\ncould not do its job: Cannot reach the database at /,
    ) as string;
    expect(outside.messages()).toEqual({ slack: [text], telegram: [text] });
    if (canParse) expect(await gauges(outside)).toMatchObject({ last_run_exit_code: 2 });
    expect(await shop.attempts()).toBeNull();
    await refuseNames(shop, outside);
  });

  test.for<[string, Parameters<Outside["answer"]>[0], RegExp]>([
    ["never answers", () => undefined, /message to 127\.0\.0\.1:\d+ was not posted: no answer within/],
    ["answers 500", (response) => response.writeHead(500).end(), /was not posted: it answered HTTP 500/],
    [
      "redirects",
      (response) => response.writeHead(302, { location: "https://elsewhere.example/" }).end(),
      /was not posted: HTTP 302: redirects are not followed/,
    ],
  ])("and does its work all the same where it %s", async ([, answer, said], { shop, outside }) => {
    const sale = await shop.sale();
    outside.answer(answer);
    const { code, stderr } = await runIn(shop, outside, "--quiet");
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(stderr).toMatch(said);
    expect(code).toBe(0);
    if (canParse) expect(await gauges(outside)).toMatchObject({ last_run_exit_code: 0 });
    expect(await shop.counted()).toHaveLength(1);
    await refuseNames(shop, outside);
  });

  test("and ends with 1 where its metrics cannot be written: what it did is done, and noted", async ({
    shop,
    outside,
    folder,
  }) => {
    const sale = await shop.sale();
    writeFileSync(`${folder.path}/file`, "");
    const PURCHASE_FIX_METRICS_FILE = `${folder.path}/file/m.prom`;
    const { code, stdout, stderr } = await runIn(shop, outside, "--quiet", { PURCHASE_FIX_METRICS_FILE });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^warning: The metrics file \S+ could not be written: ENOTDIR/m);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(outside.pings()).toEqual(["start", "1"]);
    expect(outside.ping("1")).toMatch(/^trouble: The metrics file /m);
    expect(await shop.db.query("select command from purchase_fix.success")).toEqual([
      { command: "reconcile" },
    ]);
    expect((await runIn(shop, outside, "--quiet")).code).toBe(0);
    await refuseNames(shop, outside);
  });
});
