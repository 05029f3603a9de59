import type { EventIds } from "../ports.js";
import { readCatalogue } from "./catalogue.js";
import { columnsOf } from "./columns.js";
import type { Database } from "./database.js";

/** Looks a stored event id up. No index serves it: one pass over `payments`, for a command that names one sale. */
export function openEventIds(database: Database): EventIds {
  return {
    bearers: (eventId) =>
      database.read(async (tx) => {
        const catalogue = await readCatalogue(tx);
        const { text } = columnsOf(tx, catalogue, "payments", "p", "UTC");
        const rows = await tx<{ id: string; click: string | null }[]>`
          select p.id::text as id, ${text("pageview_event_id")} as click
          from payments p
          where p.meta_event_id::text = ${eventId}
          order by p.id
          limit 100`;
        const length = /\((\d+)\)$/.exec(catalogue.type("payments", "meta_event_id") ?? "")?.[1];
        return {
          most: length === undefined ? null : Number(length),
          sales: rows.map(({ id, click }) => ({ id: Number(id), pageviewEventId: click })),
        };
      }),
  };
}
