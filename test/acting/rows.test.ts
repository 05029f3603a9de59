import { expect, test } from "vitest";
import { Rows } from "../../src/acting/rows.js";
import { makePlan } from "../../src/sales/plan.js";
import { ana, judged, now, policy, wishes } from "../cast/sales.js";

const untouched = (): never => {
  throw new Error("no row may be asked for or written");
};

test("of 300,000 sales that an interrupted run did not reach each is told, and no row is touched", async () => {
  const [item] = makePlan("resend", [judged(ana())], wishes(), policy, now).act;
  if (item === undefined) throw new Error("nothing is planned");
  const attempts = {
    claim: untouched,
    answer: untouched,
    close: untouched,
    settle: untouched,
    revert: untouched,
    confirm: untouched,
    undo: untouched,
    states: untouched,
  };
  const ports = { attempts, clock: { now: () => now, sleep: async () => undefined } };
  const options = {
    lease: { run: "r", token: "1" },
    stop: AbortSignal.abort(),
    until: Infinity,
    progress: untouched,
  };
  const many = Array.from({ length: 300_000 }, () => item);
  const sent = await new Rows(ports, options, { because: "", write: untouched }).run(many);
  expect(sent.failure).toBeNull();
  expect(sent.unreached).toHaveLength(300_000);
  expect(sent.unreached.at(-1)).toEqual({ item, because: "not reached: interrupted" });
});
