/** The same fields, each of which may be missing but none null. */
export type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], null | undefined> };

/** Leaves out what says nothing: null, blank texts, empty lists. Meta's rules know a missing key, but no null. */
export function present<T extends Readonly<Record<string, unknown>>>(fields: T): Present<T> {
  // Key by key: an object made from a list of entries takes three times as long to make, and to serialise.
  const kept: Partial<T> = {};
  for (const key of Object.keys(fields) as (keyof T)[]) if (says(fields[key])) kept[key] = fields[key];
  return kept as Present<T>;
}

function says(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "";
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined;
}
