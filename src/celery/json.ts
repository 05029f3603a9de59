export type Fields = Readonly<Record<string, unknown>>;

/** What of foreign JSON has the form that is wanted; null for anything else. */
export function record(value: unknown): Fields | null {
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
