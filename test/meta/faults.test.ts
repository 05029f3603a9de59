import { describe, expect, test } from "vitest";
import { noTracking, openPurchases } from "../../src/meta/purchases.js";
import { now, sale } from "../cast/sales.js";
import { customer } from "./customers.js";

/** What keeps sales from being sent, and of which sales the customers were read to learn it, once another page was asked about. */
async function faultsOf(...sales: readonly ReturnType<typeof sale>[]) {
  const read: number[] = [];
  const { shipping } = openPurchases({
    customers: async (ids) => {
      read.push(...ids);
      return new Map(ids.map((id) => [id, customer()]));
    },
    tracking: noTracking,
    credentials: { fault: async () => null, token: () => Promise.reject(new Error("no token")), lack: null },
    graph: () => Promise.reject(new Error("nothing is sent")),
    pixelId: null,
    currency: "BRL",
  });
  const first = sale({ id: 1, namesCustomer: true });
  await shipping.faults([{ sale: first, pool: first.pools?.[0] ?? null }], now);
  // A role that may not read customers is told so before anything is done.
  expect(read.splice(0)).toEqual([1]);
  const parcels = sales.map((one) => ({ sale: one, pool: one.pools?.[0] ?? null }));
  return { faults: await shipping.faults(parcels, now), read };
}

describe("What keeps a sale from being sent", () => {
  test("is known of a sale that names its customer without reading anybody", async () => {
    const { faults, read } = await faultsOf(sale({ id: 7, namesCustomer: true }));
    expect([...faults.keys()]).toEqual([]);
    expect(read).toEqual([]);
  });

  test("is asked of the customers of all others, and told where they are not known enough", async () => {
    const { faults, read } = await faultsOf(sale({ id: 7, namesCustomer: true }), sale({ id: 8 }));
    expect(read).toEqual([8]);
    expect([...faults.keys()]).toEqual([8]);
    expect(faults.get(8)).toMatch(/too little about the customer/);
  });

  test("is told of the row and its pool all the same, whoever the customer is", async () => {
    const { faults, read } = await faultsOf(sale({ id: 7, namesCustomer: true, amount: null, pools: [] }));
    expect(faults.get(7)).toMatch(/is in no enabled pool.*payments\.amount is empty/);
    expect(read).toEqual([]);
  });
});
