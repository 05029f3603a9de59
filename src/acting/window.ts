import type { ReconcilingContext } from "../context.js";
import type { Success } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { HOUR } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Selection } from "./survey.js";

/** What an unattended run looks at: a selection, or everything that could still be sent when it last came to its end. */
export type Window =
  | { readonly by: "last"; readonly hours: number }
  | Exclude<Selection, { readonly by: "name" }>;

/** The window as it is asked of the database, and when the last success began; null where nothing usable is known of one. */
export async function windowOf(
  { sales, output }: Pick<ReconcilingContext, "sales" | "output">,
  window: Window,
  last: Success | null,
): Promise<{ readonly selection: Selection; readonly lastBegan: Instant | null }> {
  const lastBegan = last === null || last.beganAt <= (await sales.now()) ? (last?.beganAt ?? null) : null;
  if (window.by !== "last") return { selection: window, lastBegan };
  const { hours } = window;
  if (lastBegan !== null)
    return { selection: { by: "span", since: lastBegan - hours * HOUR, until: null }, lastBegan };
  if (last === null) output.say(`no successful run is on record: looking back ${hours} hours`);
  else
    output.warn(
      `the last successful run began in the future (${iso(last.beganAt)}): a clock was set back; looking back ${hours} hours from the database's now`,
    );
  return { selection: { by: "span", hours }, lastBegan };
}
