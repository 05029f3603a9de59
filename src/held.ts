import type { List, Report } from "./context.js";

/** A list with all its rows in hand, for what cannot be drawn row by row. It goes through the pages. */
export async function held<Row>({
  columns,
  pages,
  one,
  totals,
  document,
  last,
}: List<Row>): Promise<Report<Row>> {
  const rows: Row[] = [];
  for await (const page of pages) for (const row of page) rows.push(row);
  const sums = await totals();
  return {
    columns: columns(rows),
    rows,
    document: () => document(rows, sums),
    lines: function* () {
      yield* rows.map(one);
      yield last(sums);
    },
  };
}
