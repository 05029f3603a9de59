import { describe, expect, test } from "vitest";
import { causeNames, causeOf, causeTable, whatWouldTell } from "../../src/sales/causes.js";
import { causes } from "../../src/sales/evidence.js";
import { actions } from "../../src/sales/permissions.js";
import { attempt, evidence, hoursAgo, ours } from "../cast/sales.js";

describe("the table of causes", () => {
  test("tells of each one a symptom, what to check, and a remedy", () => {
    expect(Object.keys(causeTable)).toEqual([...causes]);
    for (const { symptom, check, remedy, short } of Object.values(causeTable)) {
      expect(check.length).toBeGreaterThan(0);
      for (const text of [symptom, remedy, ...check]) expect(text.length).toBeGreaterThan(15);
      expect(short.length).toBeLessThan(16);
    }
  });

  test("gives the incident report's three causes their numbers, and no other one", () => {
    expect(causes.map((cause) => causeTable[cause].number)).toEqual([1, 2, 3, null, null]);
  });

  test("names only commands that exist", () => {
    const texts = Object.values(causeTable).flatMap(({ check, remedy }) => [...check, remedy]);
    const named = texts.flatMap((text) =>
      [...text.matchAll(/purchase-fix ([a-z-]+)/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(1);
    for (const name of named) expect(["celery-status", ...actions]).toContain(name);
  });
});

describe("the cause of a sale", () => {
  const result = (at: number, outcome: "refused" | "not-sent" | "unknown") =>
    attempt({ source: "task result", at: hoursAgo(at), result: outcome, because: "its task ended" });

  test("is what the logs call it, before anything else", () => {
    const found = { cause: "celery-timeout" as const, traces: [result(1, "refused")], refused: "100" };
    expect(causeOf(evidence(found))).toBe("celery-timeout");
  });

  test.each([
    ["meta-refused", [result(2, "not-sent"), result(1, "refused")]],
    ["task-failed", [result(1, "not-sent"), result(2, "refused")]],
    [null, [result(1, "unknown")]],
  ] as const)("else that of the latest result that tells one: %s", (cause, traces) => {
    expect(causeOf(evidence({ traces }))).toBe(cause);
  });

  test("else Meta's refusal of our own attempt", () => {
    expect(causeOf(evidence({ traces: [ours({ result: "refused" })], refused: "100/2804003" }))).toBe(
      "meta-refused",
    );
  });

  test("is unknown where nothing tells it: an operator's word names what did not happen, and not why", () => {
    const word = attempt({ source: "attestation", result: "not-sent", because: "ana attests" });
    expect(causeOf(evidence({ traces: [word] }))).toBeNull();
    expect(causeOf(evidence())).toBeNull();
    expect(causeNames).toEqual([...causes, "unknown"]);
  });
});

test("where it is unknown, the evidence that was not given is asked for", () => {
  const [logs, broker] = whatWouldTell({ logs: false, broker: false, tracking: false });
  expect(logs).toContain("--evidence-log");
  expect(broker).toContain("CELERY_BROKER_URL");
  const [older, gone] = whatWouldTell({ logs: true, broker: true, tracking: true });
  expect(older).toContain("older logs");
  expect(gone).not.toContain("CELERY_BROKER_URL");
});
