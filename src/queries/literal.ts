/** A statement with its parameters written out, for psql. Our own statements hold no `$n` inside quotes. */
export function filledIn(text: string, values: readonly unknown[]): string {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const indents = lines.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents.slice(lines[0] === "" ? 0 : 1), 80);
  const flush = lines
    .map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)))
    .join("\n");
  return `${flush.trim().replaceAll(/\$(\d+)/g, (_, n: string) => literal(values[Number(n) - 1]))};`;
}

/** A value as an SQL literal. Without backslashes inside, `standard_conforming_strings` does not matter. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
