import { describe, expect, test } from "vitest";
import type { Sibling, Trace } from "../../src/sales/evidence.js";
import type { Sale } from "../../src/sales/sale.js";
import { isShort, uncountedAmong } from "../../src/sales/short.js";
import { ana, anaBesideHim, attempt, caio, caioBesideHer, click, evidence } from "../cast/sales.js";
import { hoursAgo, judged, ours, oursOpen } from "../cast/sales.js";

/*
 * Meta accepted the click's id for Ana, whose row does not say so, and later for Caio, whose row does: it counted Ana.
 */

const accepted = (at: number, differing: Partial<Trace> = {}) =>
  attempt({ at, eventId: click, result: "accepted", because: "the worker's log says so", ...differing });

const confirmed = { metaEventId: click, acceptedAt: hoursAgo(1) };
const besideAna = (differing: Partial<Sibling> = {}) =>
  judged(
    ana(),
    evidence({ traces: [accepted(hoursAgo(2))], siblings: [caioBesideHer({ ...confirmed, ...differing })] }),
  );

describe("of a delivered sale it is told which confirmed sale Meta folded into it", () => {
  test("by name, with what would have it counted", () => {
    const her = besideAna();
    expect(her.kind).toBe("delivered");
    expect(her.because).toBe(
      "the worker's log says so; sale 9 is confirmed under the same event id, of which Meta counts one: to have the other counted, resend --id 9",
    );
    expect(uncountedAmong([her])).toEqual([9]);
  });

  test.each<[string, Partial<Sibling>]>([
    ["is confirmed under an id of its own", { metaEventId: "purchase_9" }],
    ["is not confirmed: its own verdict says what it is", { metaEventId: null }],
    ["was refunded", { status: "refunded" }],
    ["was accepted over 48 h later, and counted", { acceptedAt: hoursAgo(-47) }],
    ["was sent by us since, and counts by that", { countedAs: "purchase_9" }],
  ])("but not where it %s", (_, differing) => {
    const her = besideAna(differing);
    expect(her.because).toBe("the worker's log says so");
    expect(uncountedAmong([her])).toEqual([]);
  });
});

describe("a confirmed sale is short", () => {
  const his = (traces: readonly Trace[], differing: Partial<Sale> = {}, she: Partial<Sibling> = {}) =>
    judged(
      caio({ metaEventId: click, ...differing }),
      evidence({ traces, siblings: [anaBesideHim({ acceptedAt: hoursAgo(2), ...she })] }),
    );
  const folded = accepted(hoursAgo(1));

  test("where Meta had accepted its click's id for another before; it goes as purchase_<id>", () => {
    const him = his([folded]);
    expect(isShort(him)).toBe(true);
    expect(him).toMatchObject({ kind: "folded", identity: { eventId: "purchase_9" } });
  });

  test("where what we sent of it has no answer: the same is repeated", () => {
    const him = his([folded, oursOpen({ eventId: "purchase_9" })]);
    expect(isShort(him)).toBe(true);
    expect(him).toMatchObject({ kind: "unsettled", identity: { eventId: "purchase_9" } });
  });

  test.each<[string, ReturnType<typeof his>]>([
    ["Meta took what we sent of it", his([folded, ours({ eventId: "purchase_9", result: "accepted" })])],
    ["its own acceptance is not on record", his([])],
    ["it was the first", his([folded], {}, { acceptedAt: hoursAgo(0.5) })],
    ["nobody else's acceptance is known", his([folded], {}, { acceptedAt: null })],
    ["it bears another id", his([folded], { metaEventId: "purchase_9_1" })],
    ["it is not paid any more", his([folded], { status: "refunded" })],
    ["it is stuck, and not confirmed", his([folded], { metaEventId: null })],
    ["another attempt may have arrived", his([folded, attempt({ eventId: "purchase_9_1" })])],
    [
      "our open attempt is from before, and the application sent it",
      his([oursOpen({ eventId: "purchase_9" })]),
    ],
  ])("but not where %s", (_, him) => {
    expect(isShort(him)).toBe(false);
  });
});
