import type { Column } from "../src/context.js";
import type { Paint } from "../src/output/color.js";
import { showsUnicode } from "../src/output/color.js";
import { tableLines } from "../src/output/table.js";
import { showAmount } from "../src/sales/money.js";
import type { Graph } from "./graph/start.js";
import type { GraphSummary, LedgerEntry } from "./graph/types.js";

/** What the stand-in for Meta knows at one moment. */
export interface Books {
  readonly ledger: readonly LedgerEntry[];
  readonly summary: GraphSummary;
}

export async function readBooks(graph: Graph): Promise<Books> {
  return { ledger: await graph.ledger(), summary: await graph.state() };
}

interface Line {
  readonly pixel: string;
  readonly received: string;
  readonly counted: string;
  readonly money: string;
}

/** A line for each pixel, before and after, in the look of the product's own tables. */
export async function booksTable(before: GraphSummary, after: GraphSummary, paint: Paint): Promise<string[]> {
  const lines = after.pixels.map((now): Line => {
    const then = before.pixels.find(({ id }) => id === now.id) ?? now;
    const money = (pixel: typeof now) => showAmount(pixel.money["BRL"] ?? "0.00", "BRL");
    return {
      pixel: `${now.id} (${now.name})`,
      received: `${then.received} -> ${now.received}`,
      counted: `${then.counted} -> ${now.counted}`,
      money: `${money(then)} -> ${money(now)}`,
    };
  });
  const columns: readonly Column<Line>[] = [
    { title: "Pixel", value: ({ pixel }) => pixel },
    { title: "Received", value: ({ received }) => received, align: "right" },
    { title: "Counted", value: ({ counted }) => counted, align: "right" },
    { title: "Money counted, before and now", value: ({ money }) => money, align: "right" },
  ];
  return await tableLines(columns, lines, { width: 100, unicode: showsUnicode(process.env), paint });
}
