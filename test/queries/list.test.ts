import fc from "fast-check";
import { expect, test } from "vitest";
import { list, table } from "../../src/queries/list.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { stage } from "../cast/stage.js";

/** PostgreSQL reads an array's text by rules of its own: whatever a shop's ids and Meta's answers hold must come through. */

let db: ShopDatabase;
let product: Product;

stage("list", {}, (on) => ({ db, product } = on));

const awkward = [
  "",
  "NULL",
  "null",
  '"',
  "\\",
  '\\"',
  "{",
  "}",
  "{a,b}",
  ",",
  " ",
  "\n",
  "'",
  "$1",
  "ção",
  "🛒",
];
const anyText = fc.oneof(
  fc.constantFrom(...awkward),
  fc.array(fc.constantFrom(...awkward, "a"), { maxLength: 6 }).map((parts) => parts.join("")),
  // No character of PostgreSQL's text is a zero.
  fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
);

const anyItem = fc.record({
  id: fc.oneof(fc.integer(), fc.constant(Number.MAX_SAFE_INTEGER)),
  text: fc.option(anyText),
  moment: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  flag: fc.option(fc.boolean()),
});

test("a table holds what the items hold, in their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyItem, { minLength: 1, maxLength: 20 }), async (items) => {
      const rows = await product.database.read(
        (tx) => tx<{ id: string; text: string | null; moment: number | null; flag: boolean | null }[]>`
          select w.id, w.text, w.moment, w.flag from ${table(tx, "w", items, {
            id: ["bigint", ({ id }) => id],
            text: ["text", ({ text }) => text],
            moment: ["double precision", ({ moment }) => moment],
            flag: ["boolean", ({ flag }) => flag],
          })}`,
      );
      expect(rows.map((row) => ({ ...row, id: Number(row.id) }))).toEqual(
        items.map((item) => ({ ...item, moment: item.moment === null ? null : item.moment + 0 })),
      );
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("none is an empty list, which holds nothing", async () => {
  const [row] = await product.database.read(
    (tx) => tx<{ held: boolean }[]>`select 1 = any(${list(tx, "bigint", [])}) as held`,
  );
  expect(row).toEqual({ held: false });
});

test("what looks like SQL stays text", async () => {
  const smuggled = `"}'); drop table payments; --`;
  const rows = await product.database.write(
    (tx) => tx<{ text: string }[]>`select unnest(${list(tx, "text", [smuggled])}) as text`,
  );
  expect(rows).toMatchObject([{ text: smuggled }]);
  expect(await db.query("select to_regclass('payments')::text as kept")).toEqual([{ kept: "payments" }]);
});
