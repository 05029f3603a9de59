import { DAY } from "../sales/sale.js";
import { readCatalogue } from "./catalogue.js";
import type { Database } from "./database.js";
import { inSpan } from "./states.js";

/** Meta takes no event that is older, so that no task that still waits can be of an older sale. */
const REACH = 8 * DAY;

/** Sales that are confirmed under one of these event ids, by event id. */
export async function confirmedUnder(
  database: Database,
  eventIds: readonly string[],
  now: number,
  timeZone: string,
): Promise<Map<string, number>> {
  if (eventIds.length === 0) return new Map();
  return await database.read(async (tx) => {
    const span = { since: now - REACH, until: null };
    const rows = await tx<{ event_id: string; id: string }[]>`
      select p.meta_event_id as event_id, min(p.id) as id
      from payments p
      where p.meta_event_id in (select value from jsonb_array_elements_text(${tx.json(eventIds)}::jsonb))
        and ${inSpan(tx, await readCatalogue(tx), span, timeZone)}
      group by p.meta_event_id`;
    return new Map(rows.map((row) => [row.event_id, Number(row.id)]));
  });
}
