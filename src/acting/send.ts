import type { Written } from "../ports.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import type { SendOptions, SendPorts } from "./sending.js";
import { Sending } from "./sending.js";

/** How the sales of a plan ended. */
export interface Sent {
  readonly outcomes: readonly Outcome[];
  readonly written: readonly Written[];
  /** Sales that were not reached, and why: nothing was done about them. */
  readonly unreached: readonly { readonly item: Planned; readonly because: string }[];
  /** What ended the work in the middle (a lost lease, a lost database); null where it came to its end. */
  readonly failure: unknown;
}

/**
 * Sends the planned sales, every pixel in a lane of its own, so that a refused pixel or token stops its own sales
 * only. Sales whose shared click is carried by another planned sale wait until that one is through.
 */
export async function send(
  ports: SendPorts,
  planned: readonly Planned[],
  options: SendOptions,
): Promise<Sent> {
  const lanes: Sending[] = [];
  let failure: unknown = null;
  const ids = new Set(planned.map(({ judged }) => judged.sale.id));
  const carried = ({ judged }: Planned) =>
    judged.identity.carrier !== null && ids.has(judged.identity.carrier.id);
  for (const round of [planned.filter((item) => !carried(item)), planned.filter(carried)]) {
    if (failure !== null) break;
    const earlier = lanes.flatMap((lane) => [...lane.book.outcomes.values()]);
    const next = [...groupByDestination(round)].map(([destination, sales]) => {
      const stopped = lanes.find((lane) => lane.destination === destination)?.stopped ?? null;
      return new Sending(ports, options, { destination, sales, earlier, stopped });
    });
    failure = await runAll(next, options);
    lanes.push(...next);
  }
  const place = new Map(planned.map(({ judged }, at) => [judged.sale.id, at]));
  const outcomes = lanes.flatMap((lane) => [...lane.book.outcomes.values()]);
  return {
    outcomes: outcomes.toSorted(
      (a, b) => (place.get(a.judged.sale.id) ?? 0) - (place.get(b.judged.sale.id) ?? 0),
    ),
    written: lanes.flatMap((lane) => [...lane.book.written.values()]),
    unreached: lanes.flatMap((lane) => lane.book.unreached),
    failure,
  };
}

/** One lane's failure stops the others from taking work; what they have in flight is settled. Tells the first failure, or null. */
async function runAll(lanes: readonly Sending[], { stop }: SendOptions): Promise<unknown> {
  const failed = new AbortController();
  let failure: unknown = null;
  await Promise.all(
    lanes.map((lane) =>
      // A signal for each: of eleven listeners on one, all in a pause, Node would warn as of a leak.
      lane.run(AbortSignal.any([stop, failed.signal])).catch((error: unknown) => {
        failure ??= error;
        failed.abort();
      }),
    ),
  );
  return failure;
}

function groupByDestination(planned: readonly Planned[]): Map<string, Planned[]> {
  const groups = new Map<string, Planned[]>();
  for (const item of planned) {
    const { pixelId, pool } = item.judged.identity;
    const key = `${pixelId}|${pool?.id ?? ""}`;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
