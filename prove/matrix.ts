import { setTimeout as sleep } from "node:timers/promises";
import type { LedgerEntry } from "../demo/graph/start.js";
import { startGraphGate } from "./graph-gate.js";
import { alwaysBroken, finallyBroken, unrestored } from "./invariants.js";
import type { Look } from "./look.js";
import { attemptsOf, rowsOf } from "./look.js";
import type { Point } from "./points.js";
import { pointsOf } from "./points.js";
import type { Running } from "./program.js";
import { start } from "./program.js";
import type { Database } from "./server.js";
import { newDatabase, untilAlone } from "./server.js";
import type { Place, Scenario } from "./shops.js";
import { environment } from "./shops.js";
import { startWireProxy } from "./wire-proxy.js";

/** What a strike does: it kills the program, or it cuts the connection under a program that lives on. */
export type Blow = "kill" | "kill, two runners" | "cut";

/** An undisturbed run of a scenario: where it may be struck, and what the shop is like after it. */
export interface Recording {
  readonly points: readonly Point[];
  /** Of PostgreSQL's protocol. */
  readonly messages: number;
  readonly before: Look;
  readonly after: Look;
}

/** How one case ended. */
export interface CaseResult {
  /** False where the run ended before it came to the point: its connections do not always speak in the same order. */
  readonly struck: boolean;
  readonly violations: readonly string[];
}

export async function record(place: Place, scenario: Scenario): Promise<Recording> {
  return await inShop(place, scenario, async (db) => {
    const before = await lookAt(place, db);
    const [wire, gate] = [await startWireProxy(db.url), await startGraphGate(place.graph.url)];
    const { code, stderr } = await start(scenario.words, environment(place, wire.url, gate.url)).ended;
    await wire.close();
    gate.close();
    if (code !== 0 && code !== 1) throw new Error(`${scenario.name} ended with ${code}:\n${stderr}`);
    const after = await lookAt(place, db);
    return { points: pointsOf(wire.steps, gate.requests()), messages: wire.messages(), before, after };
  });
}

/** Strikes a run at the point, lets a clean run follow, and tells which invariants do not hold. */
export async function strike(
  place: Place,
  scenario: Scenario,
  { before, after }: Recording,
  { point, blow }: { readonly point: Point; readonly blow: Blow },
): Promise<CaseResult> {
  return await inShop(place, scenario, async (db) => {
    const struck = await struckRun(place, scenario, db, point, blow);
    const violations = struck.odd === null ? [] : [struck.odd];
    if (blow === "kill, two runners") await secondRunner(place, scenario, db, struck.pid);
    else {
      await untilAlone(db);
      violations.push(...alwaysBroken(before, await lookAt(place, db)));
      await passMinute(db, struck.pid);
    }
    violations.push(...(await cleanRun(place, scenario, db.url)));
    const now = await lookAt(place, db);
    violations.push(...finallyBroken(before, now, after));
    if (scenario.restored !== null) violations.push(...unrestored(scenario.restored, before, now));
    return { struck: struck.reached, violations: [...new Set(violations)] };
  });
}

/** Says what is odd about it. */
export async function cleanRun(place: Place, { clean }: Scenario, url: string): Promise<string[]> {
  const odd: string[] = [];
  for (const words of clean) {
    const { code, stderr } = await start(words, environment(place, url)).ended;
    if (code !== 0 && code !== 1) odd.push(`the clean ${words[0]} ended with ${code}: ${stderr}`);
  }
  return odd;
}

async function struckRun(place: Place, { words }: Scenario, db: Database, point: Point, blow: Blow) {
  let running: Running | null = null;
  const hit = (): void => {
    if (blow !== "cut") running?.kill("SIGKILL");
  };
  const freeze = (): void => {
    if (blow !== "cut") running?.kill("SIGSTOP");
  };
  const wire = await startWireProxy(db.url, point.with === "postgres" ? { ...point, hit } : null);
  const gate = await startGraphGate(
    place.graph.url,
    point.with === "graph" ? { ...point, hit, freeze } : null,
  );
  running = start(words, environment(place, wire.url, gate.url));
  const { code, signal, stderr } = await running.ended;
  await wire.close();
  gate.close();
  const reached = wire.hasStruck() || gate.hasStruck();
  return { pid: running.pid, reached, odd: oddEnd(blow, reached, code, signal, stderr) };
}

/** A run whose connection is cut ends with a code of the table and its words: never with a stack. */
function oddEnd(blow: Blow, reached: boolean, code: number | null, signal: string | null, stderr: string) {
  if (blow !== "cut" && reached) return signal === "SIGKILL" ? null : `it ended with ${code} before the kill`;
  const isPromised = code === 0 || code === 1 || (code === 2 && /^error: /m.test(stderr));
  if (isPromised && !/^ {4}at /m.test(stderr)) return null;
  return `it ended with ${code ?? signal}: ${stderr}`;
}

/**
 * A dead run's lease lasts for the rest of its minute. No product's constant is shortened for that: the lease of that
 * very process is ended in the table, which stands for the passing of the minute, and which no operator would do.
 */
export async function passMinute({ query }: Database, pid: number): Promise<void> {
  const [schema] = await query<{ found: boolean }>(
    "select to_regclass('purchase_fix.lease') is not null as found",
  );
  if (schema?.found !== true) return;
  await query(
    `update purchase_fix.lease set expires_at = clock_timestamp()
     where run_id in (select id from purchase_fix.run where pid = $1) returning name`,
    [pid],
  );
}

/** Starts at once and waits for the lease, while the server may still be busy with what the dead run had said. */
async function secondRunner(place: Place, { words }: Scenario, db: Database, dead: number): Promise<void> {
  const second = start([...words, "--wait", "60s"], environment(place, db.url));
  const over = second.ended.then(() => true);
  do await passMinute(db, dead);
  while (!(await Promise.race([over, sleep(100, false)])));
}

export async function inShop<T>(
  place: Place,
  scenario: Scenario,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await newDatabase(place.server, scenario.template);
  await place.graph.reset();
  if (scenario.refused !== null)
    await place.graph.fault({ fault: "event-refused", eventId: scenario.refused });
  try {
    return await work(db);
  } finally {
    await db.drop();
  }
}

export async function lookAt({ graph }: Place, db: Database): Promise<Look> {
  const ledger: LedgerEntry[] = await graph.ledger();
  return { rows: await rowsOf(db), attempts: await attemptsOf(db), ledger, requests: await graph.requests() };
}
