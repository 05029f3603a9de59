import type { Table } from "./catalogue.js";
import { tables } from "./catalogue.js";
import type { Tx } from "./database.js";

/**
 * The tables whose rows a policy may withhold from this role. PostgreSQL withholds them without a word: a list that is
 * empty for that reason looks like one in which nothing is wrong.
 */
export async function filteredTables(tx: Tx): Promise<Table[]> {
  const rows = await tx<{ name: Table }[]>`
    select t.name
    from jsonb_array_elements_text(${tx.json(tables)}::jsonb) with ordinality t(name, place)
    where row_security_active(to_regclass(t.name)::oid)
    order by t.place`;
  return rows.map(({ name }) => name);
}

/** What a person must know before believing a list, or "locked". */
export function filteredInWords(names: readonly Table[]): string {
  const locked = names.includes("payments")
    ? "; a sale that they let nobody update is told as locked by somebody else"
    : "";
  return `row-level security holds for this role on ${names.join(", ")}: rows that its policies hide are missing here, and nobody is told of them${locked}`;
}
