/** The names and types of plain data, in a form that a test can write down: `{ id: "number", at: "string | null" }`. */
export type Shape = string | { readonly [name: string]: Shape } | readonly Shape[];

/** A list has the shape that all its entries have together; a field that is null in some of them is `… | null`. */
export function shapeOf(value: unknown): Shape {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? [] : [value.map(shapeOf).reduce(joined)];
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, shapeOf(field)]));
}

function joined(a: Shape, b: Shape): Shape {
  if (JSON.stringify(a) === JSON.stringify(b)) return a;
  if (typeof a === "string" && typeof b === "string") return unionOf(a, b);
  if (typeof a === "string" || typeof b === "string" || Array.isArray(a) !== Array.isArray(b))
    throw new Error(`no common shape: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, field(a, b, name)]));
}

function field(a: object, b: object, name: string): Shape {
  const [left, right] = [a, b].map((side) => (side as Record<string, Shape>)[name] ?? "missing");
  return joined(left ?? "missing", right ?? "missing");
}

function unionOf(a: string, b: string): string {
  const types = new Set([...a.split(" | "), ...b.split(" | ")]);
  return [...types].toSorted((x, y) => Number(x === "null") - Number(y === "null")).join(" | ");
}
