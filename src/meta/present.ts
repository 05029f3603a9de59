/** The same fields, each of which may be missing but none null. */
export type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], null | undefined> };

/** Leaves out what says nothing: null, blank texts, empty lists. Meta's rules know a missing key, but no null. */
export function present<T extends Readonly<Record<string, unknown>>>(fields: T): Present<T> {
  const kept = Object.entries<unknown>(fields).filter(([, value]) => {
    if (Array.isArray(value)) return value.length > 0;
    return typeof value === "string" ? value.trim() !== "" : value !== null && value !== undefined;
  });
  return Object.fromEntries(kept) as Present<T>;
}
