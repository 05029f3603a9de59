import { setTimeout as sleep } from "node:timers/promises";
import type { Graph } from "../../demo/graph/start.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Attempt, Shop } from "./fixtures.js";

/** What the shop's database holds. */
export function lookInto(db: ShopDatabase): Pick<Shop, "states" | "snapshot" | "attempts"> {
  return {
    states: async () => {
      const rows = await db.query<Row>(
        `select id, status, meta_purchase_sent as flagged, meta_purchase_sent_at as flag_time, meta_event_id as event
         from payments order by id`,
      );
      return Object.fromEntries(rows.map((row) => [row.id, stateOf(row)]));
    },
    snapshot: async () => {
      const rows = await db.query<{ row: string }>("select p::text as row from payments p order by id");
      return rows.map(({ row }) => row);
    },
    attempts: async () => {
      const [schema] = await db.query<{ found: boolean }>(
        "select to_regclass('purchase_fix.attempt') is not null as found",
      );
      if (schema?.found !== true) return null;
      return await db.query<Attempt>(
        `select a.run_id as run, r.command, a.sale_id::integer as sale, a.event_id as "eventId", a.answer, a.effect,
                a.because, a.settled_at is not null as settled
         from purchase_fix.attempt a join purchase_fix.run r on r.id = a.run_id order by a.id`,
      );
    },
  };
}

interface Row {
  readonly id: number;
  readonly status: string;
  readonly flagged: boolean | null;
  readonly flag_time: string | null;
  readonly event: string | null;
}

function stateOf({ status, flagged, flag_time: time, event }: Row): string {
  if (status !== "paid") return status;
  const flag = flagged === true ? (time === null ? "flagged without a time" : "flagged") : "not flagged";
  if (event !== null) return flag === "flagged" ? `confirmed as ${event}` : `${flag}, with ${event}`;
  return flag === "flagged" ? "stuck" : time === null ? flag : `${flag}, with a flag time`;
}

/** What arrived at these pixels, and what is to go wrong there. */
export function lookAt(
  graph: Graph,
  own: readonly string[],
): Pick<Shop, "ledger" | "counted" | "requests" | "fault"> {
  const ledger = async () => (await graph.ledger()).filter(({ pixel }) => own.includes(pixel));
  return {
    ledger,
    counted: async () => {
      const counting = (await ledger()).filter(({ counted }) => counted);
      return counting.map(({ eventId }) => eventId).toSorted((a, b) => String(a).localeCompare(String(b)));
    },
    requests: async (atLeast = 0) => {
      for (;;) {
        const requests = (await graph.requests()).filter(({ pixel }) => own.includes(String(pixel)));
        if (requests.length >= atLeast) return requests;
        await sleep(10);
      }
    },
    fault: async (rule) => await graph.fault({ pixel: own[0] ?? "", ...rule }),
  };
}
