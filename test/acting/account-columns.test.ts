import { expect, test } from "vitest";
import { accountColumns } from "../../src/acting/account-columns.js";
import type { Counted } from "../../src/sales/account.js";
import { accountOfSales, counted, monthOfSales } from "../cast/account.js";
import { atTerminal } from "../output/streams.js";

async function screen(columns: number, sales: readonly Counted[]): Promise<string> {
  const { output, stdout } = await atTerminal(columns, { color: false });
  const account = accountOfSales(sales);
  await output.report({
    columns: accountColumns("cause", account),
    rows: account.groups.cause,
    document: () => ({}),
    lines: () => [],
  });
  return stdout.text;
}

test("a terminal shows number and money in one cell, and no column that no sale is in", async () => {
  const text = await screen(80, [counted(), counted({ fate: "resent", cause: "meta-refused" })]);
  expect(text.split("\n").map((line) => line.replaceAll(/ {2,}/g, "|"))).toEqual([
    "Cause|Sales|Amount|Stuck|Resent",
    expect.stringMatching(/^─+$/),
    "Meta refused|1|97.00|-|1 (97.00)",
    "unknown|1|97.00|1 (97.00)|-",
    "",
  ]);
});

test("a narrow one stays a table: what is well or done is left out first, and said to be", async () => {
  const text = await screen(60, monthOfSales());
  expect(text).toMatch(/^Cause +Sales +Amount +Stuck +Quarantined$/m);
  expect(text).toContain(
    "no room for Closed, By application, Confirmed late, Expired, Resent, Reverted, Acknowledged: --tsv shows all",
  );
});
