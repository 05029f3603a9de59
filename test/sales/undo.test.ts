import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change, Entry, RowWas } from "../../src/sales/undo.js";
import { changesOf, hindranceOf } from "../../src/sales/undo.js";
import { attempt, evidence, hoursAgo, now, ours, oursOpen, task } from "../cast/sales.js";

const stuck: RowWas = { flagged: true, flaggedAt: "10:00", metaEventId: null };
const givenBack: RowWas = { flagged: false, flaggedAt: null, metaEventId: null };
const confirmed: RowWas = { ...stuck, metaEventId: "pageview_3f" };

function entry(before: RowWas, after: RowWas | null, differing: Partial<Entry> = {}): Entry {
  return {
    saleId: 7,
    command: "resend",
    before,
    after: after ?? { flagged: null, flaggedAt: null, metaEventId: null },
    claimedAt: null,
    effect: after === null ? "kept" : after.metaEventId === null ? "reverted" : "confirmed",
    answer: null,
    eventId: null,
    origin: null,
    at: hoursAgo(1),
    ...differing,
  };
}

describe("what a run changed", () => {
  test("is, per row, what it was before the first entry and after the last", () => {
    const taken = entry(givenBack, { ...stuck, flaggedAt: "12:00" }, { effect: "kept", claimedAt: "12:00" });
    const sent = entry(
      { ...stuck, flaggedAt: "12:00" },
      { ...confirmed, flaggedAt: "12:00" },
      {
        answer: "accepted",
        eventId: "pageview_3f",
      },
    );
    expect(changesOf([taken, sent, entry(stuck, givenBack, { saleId: 8, command: "revert" })])).toEqual([
      {
        saleId: 7,
        was: givenBack,
        wrote: { ...confirmed, flaggedAt: "12:00" },
        at: hoursAgo(1),
        acceptedAs: "pageview_3f",
      },
      { saleId: 8, was: stuck, wrote: givenBack, at: hoursAgo(1), acceptedAs: null },
    ]);
  });

  test("is nothing where a row was kept, overtaken, or taken back and given back again", () => {
    const taken = entry(givenBack, null, { claimedAt: "12:00" });
    const back = entry({ ...stuck, flaggedAt: "12:00" }, givenBack, { answer: "not-sent" });
    expect(changesOf([entry(stuck, null), entry(stuck, null, { effect: "overtaken" })])).toEqual([]);
    expect(changesOf([taken, back])).toEqual([]);
  });

  test("is the flag where a run died after its claim had taken a sale back", () => {
    const died = entry(givenBack, null, { claimedAt: "12:00", effect: null });
    expect(changesOf([died])).toMatchObject([
      { was: givenBack, wrote: { flagged: true, flaggedAt: "12:00" } },
    ]);
  });

  test.each([
    ["evidence", "worker log", "pageview_3f"],
    ["an operator's word", "attestation", null],
  ])("was accepted where a confirm went by %s: %s", (_, origin, acceptedAs) => {
    const found = entry(stuck, confirmed, { command: "confirm", origin, eventId: "pageview_3f" });
    expect(changesOf([found])).toMatchObject([{ acceptedAs }]);
  });
});

describe("a change is not undone", () => {
  const change = (was: RowWas, wrote: RowWas, differing: Partial<Change> = {}): Change => ({
    saleId: 7,
    was,
    wrote,
    at: hoursAgo(1),
    acceptedAs: null,
    ...differing,
  });
  const revert = change(stuck, givenBack);
  const takenBack = change(givenBack, stuck);
  const ask = (what: Change, found = evidence(), evenAccepted = false) =>
    hindranceOf(what, found, evenAccepted, now);

  test("where Meta accepted the sale and its id or its flag would go; --even-accepted allows it", () => {
    const accepted = evidence({ traces: [attempt({ result: "accepted", eventId: "pageview_3f" })] });
    for (const what of [change(stuck, confirmed), change(givenBack, confirmed), takenBack]) {
      expect(ask(what, accepted)).toMatchObject({ wouldAllow: "--even-accepted" });
      expect(ask(what, accepted, true)).toBeNull();
      expect(ask(what)).toBeNull();
    }
    expect(ask(change(stuck, confirmed, { acceptedAs: "pageview_3f" }))).toMatchObject({
      because: "Meta has it as pageview_3f: given back as if it was never sent, it may count twice",
    });
  });

  test("where the flag would be set again, and somebody tried to send since; not for an attempt before", () => {
    for (const trace of [ours({ at: hoursAgo(0.5) }), attempt({ at: hoursAgo(1), source: "worker log" })])
      expect(ask(revert, evidence({ traces: [trace] }), true)?.because).toMatch(/^an attempt was made since/);
    expect(ask(revert, evidence({ traces: [attempt({ at: hoursAgo(2) })] }))).toBeNull();
  });

  test("where a task of it lives, whichever way the flag would go", () => {
    for (const what of [revert, takenBack])
      expect(ask(what, evidence({ live: [task()] }), true)?.because).toBe(
        "its task is queued (broker): what it comes to decides",
      );
  });

  test("where the flag would go, and an attempt of ours has no answer", () => {
    expect(ask(takenBack, evidence({ traces: [oursOpen()] }), true)?.because).toContain("settle it first");
    expect(ask(change(stuck, confirmed), evidence({ traces: [oursOpen()] }))).toBeNull();
  });

  test("whatever the evidence: without --even-accepted nothing that was accepted loses its id or its flag", () => {
    const row = fc.record({
      flagged: fc.boolean(),
      flaggedAt: fc.constantFrom(null, "10:00"),
      metaEventId: fc.constantFrom(null, "pageview_3f"),
    });
    const traces = fc.array(
      fc.record({
        result: fc.constantFrom("refused", "not-sent", "unknown"),
        at: fc.integer({ min: 0, max: now }),
      }),
    );
    fc.assert(
      fc.property(row, row, traces, (was, wrote, others) => {
        const found = evidence({
          traces: [
            ...others.map((trace) => attempt(trace as never)),
            attempt({ result: "accepted", eventId: "e" }),
          ],
        });
        const loses =
          (wrote.flagged && !was.flagged) || (wrote.metaEventId !== null && was.metaEventId === null);
        expect(loses && ask(change(was, wrote), found) === null).toBe(false);
      }),
    );
  });
});
