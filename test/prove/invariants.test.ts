import { describe, expect, test } from "vitest";
import type { LedgerEntry, RequestEntry } from "../../demo/graph/start.js";
import { alwaysBroken, finallyBroken, unrestored } from "../../prove/invariants.js";
import type { Look } from "../../prove/look.js";

/* What judges the proof must see a breach of each invariant: else a proof without violations says nothing. */

const row = (event: string | null, flagged = true) => ({
  id: 7,
  flagged,
  at: "2025-11-20",
  event,
  rest: "same",
});
const received = (eventId: string, counted = true) => ({ eventId, counted }) as LedgerEntry;
const sent = (...eventIds: string[]) => ({ eventIds }) as unknown as RequestEntry;
const attempt = { sale: 7, event: "pageview_7", answer: "accepted", effect: "confirmed", settled: true };

const before: Look = { rows: [row(null)], attempts: [], ledger: [], requests: [] };
const good: Look = {
  rows: [row("pageview_7")],
  attempts: [attempt],
  ledger: [received("pageview_7")],
  requests: [sent("pageview_7")],
};
const breach = (differing: Partial<Look>) => finallyBroken(before, { ...good, ...differing }, good);

describe("what judges a case", () => {
  test("finds nothing where all went well", () => {
    expect(breach({})).toEqual([]);
    expect(alwaysBroken(before, before)).toEqual([]);
  });

  test("sees a sale that counts twice, and one under a second id", () => {
    expect(breach({ ledger: [received("pageview_7"), received("pageview_7")] })).toContain(
      "I1: sale 7 counts 2 times",
    );
    expect(breach({ ledger: [received("pageview_7"), received("purchase_7")] })).toEqual([
      "I1: purchase_7 counts for no sale",
    ]);
  });

  test("sees a copy that Meta folded, though no answer was lost; not where one was", () => {
    const ledger = [received("pageview_7"), received("pageview_7", false)];
    expect(breach({ ledger })).toEqual(["I1: 2 copies of pageview_7, and only 0 answers lost"]);
    const lost = { ...attempt, answer: "unconfirmed", effect: "kept" };
    expect(breach({ ledger, attempts: [lost, attempt] })).toEqual([]);
  });

  test("sees a sale that stayed unsent", () => {
    expect(breach({ rows: [row(null)], attempts: [], ledger: [], requests: [] })).toEqual([
      "I2: sale 7 is true/null unlike after an undisturbed run",
    ]);
  });

  test("sees a column that is not ours, a change without record, a request before its record", () => {
    expect(breach({ rows: [{ ...row("pageview_7"), rest: "other" }] })).toEqual([
      "I3: another column of sale 7 was written",
    ]);
    expect(breach({ attempts: [] })).toEqual([
      "I4: sale 7 changed with 0 journal entries",
      "I4: pageview_7 was sent before it was on record",
    ]);
    expect(breach({ attempts: [attempt, attempt] })).toEqual(["I4: sale 7 changed with 2 journal entries"]);
  });

  test("sees a row that undo did not make what it was, to the microsecond, and one that it should have left", () => {
    const given: Look = { ...before, rows: [{ ...row(null, false), at: null }] };
    const restored = { rows: [row(null)], touched: [] };
    expect(unrestored(restored, given, before)).toEqual([]);
    expect(unrestored(restored, given, given)).toEqual(["I5: sale 7 is not as it was"]);
    const late = { ...before, rows: [{ ...row(null), at: "2025-11-20 00:00:00.000001" }] };
    expect(unrestored(restored, given, late)).toEqual(["I5: sale 7 is not as it was"]);
    const touched = { ...restored, touched: [7] };
    expect(unrestored(touched, given, given)).toEqual([]);
    expect(unrestored(touched, given, before)).toEqual(["I5: sale 7 was touched, and is not left alone"]);
  });

  test("sees an expired sale in a request, and attempts that stay open", () => {
    const expired = { ...attempt, sale: 401, event: "pageview_401", effect: "kept" };
    expect(breach({ attempts: [attempt, expired], requests: [sent("pageview_7", "pageview_401")] })).toEqual([
      "I6: an expired sale was in a request",
    ]);
    const open = { ...attempt, effect: null, settled: false };
    expect(breach({ attempts: [attempt, open, open] })).toEqual([
      "two unsettled attempts of sale 7",
      "sale 7 is still unsettled",
      "sale 7 is still unsettled",
    ]);
  });
});
