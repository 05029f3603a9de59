import { openAttempt } from "./attempts.js";
import { proofOfDelivery } from "./click.js";
import type { Evidence, Fact, Trace } from "./evidence.js";
import type { Judged } from "./verdict.js";

/** The evidence that weighed most in a verdict: of what it is a fact, where it stands, and when. */
export type Telling = Pick<Fact, "at" | "source" | "text" | "where">;

/** The attempt or task that decided; else the last that is known; null where nothing but the row speaks. */
export function mostTelling({ sale, evidence, kind }: Judged): Telling | null {
  const { traces, live } = evidence;
  const [task] = live;
  if (kind === "in-flight" && task) {
    const copies = (task.copies ?? 1) > 1 ? `, in ${task.copies} copies` : "";
    const where = task.taskId ? `task ${task.taskId}` : null;
    return { at: task.seenAt, source: task.source, text: `its task is ${task.state}${copies}`, where };
  }
  const decided: Trace | undefined =
    kind === "unsettled"
      ? openAttempt(evidence)
      : kind === "delivered"
        ? proofOfDelivery(sale, evidence)
        : kind === "folded"
          ? traces.find(({ result }) => result === "accepted")
          : kind === "lost"
            ? latest(traces)
            : (latest(traces.filter(({ result }) => result === "unknown")) ?? latest(traces));
  if (decided) return ofTrace(decided, evidence);
  const fact = evidence.facts.at(-1);
  return fact ? { at: fact.at, source: fact.source, text: fact.text, where: fact.where } : null;
}

const latest = (traces: readonly Trace[]) => traces.toSorted((a, b) => a.at - b.at).at(-1);

/** A log's attempt ends with its place in brackets; a place of its own is easier to find. */
function ofTrace({ at, source, because, taskId }: Trace, { facts }: Evidence): Telling {
  const place = placeOf(because, facts);
  if (place !== null) return { at, source, text: because.replace(` (${place})`, ""), where: place };
  return { at, source, text: because, where: taskId ? `task ${taskId}` : null };
}

/** The fact's place that a trace names, or null. */
export function placeOf(because: string, facts: readonly Fact[]): string | null {
  return facts.find(({ where }) => where !== null && because.endsWith(` (${where})`))?.where ?? null;
}
