import { foldedInto, proofOfDelivery } from "./click.js";
import { openAttempt } from "./attempts.js";
import { causeTable } from "./causes.js";
import type { Evidence, Trace } from "./evidence.js";
import { ruleNumber } from "./reasoning.js";
import type { Judged } from "./verdict.js";

/** Where facts about a sale disagree: what they say, and which rule of docs/verdicts.md decided. */
export function contradictionsOf(judged: Judged): string[] {
  const { sale, evidence, kind } = judged;
  const rule = `rule ${ruleNumber(judged)} decides`;
  const proof = proofOfDelivery(sale, evidence);
  const open = openAttempt(evidence);
  const failed = failures(evidence);
  const found: (string | null)[] = [
    open && proof && kind === "unsettled"
      ? `Meta accepted it (${proof.eventId ?? "without an id"}), and our attempt under ${open.eventId ?? "no id"} has no answer: ${rule}, since both may count`
      : null,
    kind === "delivered" && failed.length > 0
      ? `reported failed (${listed(failed)}), and Meta accepted it: ${rule}, an acceptance outweighs every failure`
      : null,
    kind === "in-flight" && failed.length > 0
      ? `reported failed (${listed(failed)}), and a task of it lives: ${rule}, a failure is not the end while a copy may run`
      : null,
    folding(judged, rule),
    kind === "ambiguous" || kind === "untraceable" ? mixed(evidence) : null,
    attested(evidence),
    trackedOtherwise(judged),
  ];
  return found.filter((line) => line !== null);
}

/** Every account of a failure: the wait's end, other attempts, results of the same task. */
function failures({ cause, traces, facts }: Evidence): string[] {
  const isFailure = (result: Trace["result"] | undefined) => result === "refused" || result === "not-sent";
  return [
    ...new Set([
      ...(cause === null ? [] : [causeTable[cause].title]),
      ...traces.filter((trace) => isFailure(trace.result)).map(({ because }) => because),
      ...facts.filter(({ tells }) => isFailure(tells)).map(({ text }) => text),
    ]),
  ];
}

/** More accounts than these say no more. */
const MOST = 2;

function listed(accounts: readonly string[]): string {
  const rest = accounts.length - MOST;
  return `${accounts.slice(0, MOST).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}

function folding({ sale, evidence, kind }: Judged, rule: string): string | null {
  if (kind !== "folded") return null;
  const into = evidence.traces.map((trace) => foldedInto(sale, evidence, trace)).find((one) => one !== null);
  return `Meta accepted its event id, and had accepted it for sale ${into?.id} before: ${rule}, one click counts once`;
}

function mixed({ traces }: Evidence): string | null {
  const certain = traces.filter(({ result, source }) => result !== "unknown" && source !== "attestation");
  const unknown = traces.filter(({ result }) => result === "unknown");
  if (certain.length === 0 || unknown.length === 0) return null;
  const words = [...new Set(certain.map(({ result }) => result.replace("-", " ")))].join(" and ");
  return `of ${certain.length + unknown.length} attempts ${certain.length} ended ${words}, and ${unknown.length} may have arrived: rule 4 does not hold while one may`;
}

function attested({ traces }: Evidence): string | null {
  const seen = traces.find(({ result }) => result !== "not-sent");
  if (seen === undefined || !traces.some(({ source }) => source === "attestation")) return null;
  return `an operator attests that nothing was sent, and an attempt was seen (${seen.because}): what was seen decides`;
}

function trackedOtherwise({ sale, evidence, identity }: Judged): string | null {
  const { pageviewEventId: own } = sale;
  const { trackedEventId: tracked } = evidence;
  if (own === null || tracked === null || own === tracked) return null;
  const decided = identity.knowledge === "unknown" ? "neither counts as known" : `${identity.origin} decides`;
  return `the row names the event id ${own}, the tracking data ${tracked}: ${decided}`;
}
