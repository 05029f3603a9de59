import type { Table } from "./catalogue.js";

/**
 * What a person must know before believing a list, or "locked". PostgreSQL withholds rows without a word: a list that is
 * empty for that reason looks like one in which nothing is wrong.
 */
export function filteredInWords(names: readonly Table[]): string {
  const locked = names.includes("payments")
    ? "; a sale that they let nobody update is told as locked by somebody else"
    : "";
  return `row-level security holds for this role on ${names.join(", ")}: rows that its policies hide are missing here, and nobody is told of them${locked}`;
}
