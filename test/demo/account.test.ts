import { describe, expect, test } from "vitest";
import { takeAccount } from "../../demo/account.js";
import type { LedgerEntry } from "../cast/graph.js";

function entry(sale: number | null, counted = true): LedgerEntry {
  return {
    receivedAt: 0,
    pixel: "111",
    eventName: "Purchase",
    eventId: `event-of-${sale}`,
    value: 97,
    currency: "BRL",
    eventTime: 0,
    future: false,
    testEventCode: null,
    counted,
    sale,
    userDataKeys: [],
  };
}

const confirmed = (id: number) => ({ id, meta_event_id: `event-of-${id}` });
const open = (id: number) => ({ id, meta_event_id: null });

describe("the account of the demo", () => {
  test("holds where every confirmed sale is counted once, whoever sent it and however many copies were folded", () => {
    const ledger = [entry(1), entry(2), entry(2, false), entry(3)];
    const account = takeAccount(2, ledger, [confirmed(1), confirmed(2), confirmed(3), open(4)]);
    expect(account).toMatchObject({ confirmed: 3, countedOnce: 3, problems: [], unseen: [] });
    expect(account.sent.map(({ sale }) => sale)).toEqual([2, 3]);
    expect(account.folded.map(({ sale }) => sale)).toEqual([2]);
  });

  test("tells a sale that is counted twice, and leaves the other alone", () => {
    const account = takeAccount(1, [entry(1), entry(1), entry(2)], [confirmed(1), confirmed(2)]);
    expect(account.countedOnce).toBe(1);
    expect(account.problems).toEqual(["Meta counts sale 1 2 times"]);
  });

  test("tells a sale that is confirmed and not counted", () => {
    const account = takeAccount(0, [entry(1)], [confirmed(1), confirmed(2)]);
    expect(account.countedOnce).toBe(1);
    expect(account.problems).toEqual(["sale 2 is confirmed in the shop, but Meta does not count it"]);
  });

  test("tells an event that was sent for a sale that is not confirmed, or for none at all", () => {
    const account = takeAccount(1, [entry(3), entry(1), entry(null)], [open(1), open(3)]);
    expect(account.problems).toEqual([
      "event event-of-1 of sale 1 was sent, but the sale is not confirmed",
      "event event-of-null of sale null was sent, but the sale is not confirmed",
    ]);
    expect(account.unseen.map(({ sale }) => sale)).toEqual([3, 1, null]);
  });
});
