import { KEPT_FOR, UNCLAIMED_FOR } from "../ports.js";
import type { Tx } from "./database.js";

/** By what is oldest in each: a log that nobody reads any more, an event's own time, a task that nobody spoke of since. */
export async function prune(tx: Tx): Promise<number | null> {
  const [right] = await tx<{ all: boolean }[]>`
    select bool_and(has_table_privilege('purchase_fix.' || t.name, 'delete')) as all
    from unnest(array['observation', 'log_event', 'log_position']) t(name)`;
  if (right?.all !== true) return null;
  const limit = tx`clock_timestamp() - ${KEPT_FOR} * interval '1 millisecond'`;
  const gone = [
    await tx`delete from purchase_fix.observation where observed_at < ${limit} returning task_id`,
    await tx`delete from purchase_fix.log_event where at < ${limit} returning line`,
    await tx`
      delete from purchase_fix.log_event e
      where e.unclaimed and e.at < clock_timestamp() - ${UNCLAIMED_FOR} * interval '1 millisecond'
        and not exists (select from purchase_fix.log_event o where o.task_id = e.task_id and not o.unclaimed)
      returning e.line`,
    await tx`delete from purchase_fix.log_position where read_at < ${limit} returning log`,
  ];
  return gone.reduce((sum, rows) => sum + rows.length, 0);
}
