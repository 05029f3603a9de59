import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";

type Type = "bigint" | "text" | "boolean" | "double precision";
type Value = string | number | boolean | null;

/**
 * Values as one array. PostgreSQL counts its elements when it plans, where it takes any jsonb for a hundred rows; and
 * objects name their fields a thousand times (a claim cost the server 31 µs of CPU a sale, and 21 with arrays; us 13 and 9).
 */
export function list(tx: Tx, type: Type, values: readonly Value[]): Fragment {
  return tx`${`{${values.map(element).join(",")}}`}::${tx.unsafe(type)}[]`;
}

/** As PostgreSQL reads it (manual, "Array Input and Output Syntax"). */
function element(value: Value): string {
  if (typeof value !== "string") return String(value);
  return `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, "\\$&") : value}"`;
}

/** The columns of a table in a statement: what type each is of, and what an item has in it. */
export type Columns<Item> = Readonly<Record<string, readonly [Type, (item: Item) => Value]>>;

/** Items of ours as a table in a statement: an array for each column. */
export function table<Item>(tx: Tx, name: string, items: readonly Item[], columns: Columns<Item>): Fragment {
  const lists = Object.values(columns).map(([type, value]) => list(tx, type, items.map(value)));
  const all = lists.reduce((before, one) => tx`${before}, ${one}`);
  return tx`unnest(${all}) ${tx.unsafe(`${name}(${Object.keys(columns).join(", ")})`)}`;
}
