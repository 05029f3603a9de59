import type { Tone } from "../context.js";
import type { Outcome } from "../sales/outcome.js";
import { endedWell, total } from "../sales/outcome.js";
import type { Left, Planned } from "../sales/plan.js";
import type { Sale } from "../sales/sale.js";
import { notStuck } from "./words.js";

/** One line of what a command did, would do, or left. */
export interface Line {
  /** The sale's id; for people, of several sales that were left for one reason, how many. */
  readonly id: string;
  readonly payment: string | null;
  readonly amount: string | null;
  readonly verdict: string;
  readonly what: string;
  readonly tone: Tone;
  readonly eventId: string | null;
  readonly because: string;
}

export function outcomeLine({ judged, answer, effect, eventId, because }: Outcome): Line {
  const tone = endedWell({ answer, effect }) ? "good" : "bad";
  const what = answer === null ? effect : `${answer}, ${effect}`;
  return { ...named(judged.sale), verdict: judged.kind, what, tone, eventId, because };
}

/** What names a sale in a line. */
export function named({ id, paymentId, amount }: Sale): Pick<Line, "id" | "payment" | "amount"> {
  return { id: String(id), payment: paymentId, amount };
}

export function plannedLine({ action, judged, mayDouble }: Planned): Line {
  const { sale, kind, identity, because } = judged;
  const what = mayDouble ? `would ${action}, may count twice` : `would ${action}`;
  const eventId = action === "revert" ? null : `${identity.eventId} (${identity.origin})`;
  return { ...named(sale), verdict: kind, what, tone: mayDouble ? "warn" : "strong", eventId, because };
}

export function leftLine({ judged, because, wouldAllow, person }: Left): Line {
  const allow = wouldAllow === null ? "" : ` (allowed by ${wouldAllow})`;
  const tone = person === null ? "dim" : "warn";
  return {
    ...named(judged.sale),
    verdict: judged.kind,
    what: "left",
    tone,
    eventId: null,
    because: `${because}${allow}`,
  };
}

/** More lines than this with one reason are one line: a screen of repetitions hides the others. */
const MOST_ALIKE = 3;

export function leftForPeople(left: readonly Left[]): Line[] {
  const alike = new Map<string, Left[]>();
  for (const item of left) {
    const key = [item.judged.kind, item.because, item.person === null, anyId(item)].join("|");
    const group = alike.get(key);
    if (group) group.push(item);
    else alike.set(key, [item]);
  }
  return [...alike.values()].flatMap((items) => {
    const [first] = items;
    if (!first || items.length <= MOST_ALIKE) return items.map(leftLine);
    const sum = total(items.map(({ judged }) => judged.sale));
    const wouldAllow = anyId(first);
    return [
      { ...leftLine({ ...first, wouldAllow }), id: `${sum.count} sales`, payment: null, amount: sum.amount },
    ];
  });
}

/** What would allow it, whatever its id. */
function anyId({ judged: { sale }, wouldAllow }: Left): string | null {
  return wouldAllow?.replace(`--id ${sale.id}`, "--id …") ?? null;
}

export function otherLine(sale: Sale): Line {
  return {
    ...named(sale),
    verdict: "-",
    what: "left",
    tone: "warn",
    eventId: sale.metaEventId,
    because: notStuck(sale),
  };
}
