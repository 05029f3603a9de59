import type { Evidence, Fact, Sibling, Source, Trace } from "./evidence.js";
import { repeatsFolded } from "./repeats.js";
import type { Instant, Sale } from "./sale.js";
import { placeOf } from "./telling.js";

/** One line of a sale's story. A fact without a time stands last. */
export interface StoryLine {
  readonly at: Instant | null;
  readonly source: Source;
  readonly text: string;
  readonly where: string | null;
  /** How often it happened, and when for the last time. */
  readonly times: number;
  readonly until: Instant | null;
}

/** An entry of our journal, as far as the story tells it. */
export interface OurAttempt {
  readonly at: Instant;
  readonly run: string;
  readonly command: string;
  readonly answer: string | null;
  readonly effect: string | null;
  readonly because: string | null;
}

type Told = Omit<StoryLine, "times" | "until">;

/** Everything that was found about a sale, in the order in which it happened, repetitions folded into one line. */
export function storyOf(sale: Sale, evidence: Evidence, ours: readonly OurAttempt[]): StoryLine[] {
  const told: Told[] = [
    ...ofRow(sale),
    ...evidence.flagTimes.filter((at) => at !== sale.flaggedAt).map(flaggedBefore),
    ...ours.map(ofJournal),
    ...evidence.facts.map(ofFact),
    ...evidence.traces.filter((trace) => !isTold(trace, evidence.facts)).map(ofTrace),
    ...evidence.siblings.map(ofSibling),
  ];
  const late = (at: Instant | null) => at ?? Infinity;
  return repeatsFolded(told.toSorted((a, b) => (late(a.at) === late(b.at) ? 0 : late(a.at) - late(b.at))));
}

function ofRow({ paidAt, createdAt, flagged, flaggedAt, metaEventId, status }: Sale): Told[] {
  const lines: Told[] = [];
  const row = (at: Instant | null, text: string) => lines.push({ at, source: "row", text, where: null });
  if (paidAt !== null) row(paidAt, "paid");
  else row(createdAt, status === "paid" ? "created; the row has no time of payment" : `created; ${status}`);
  if (flagged) row(flaggedAt, `flagged as reported${flaggedAt === null ? ", without a time" : ""}`);
  if (metaEventId !== null) row(null, `confirmed: the row has event id ${metaEventId}`);
  return lines;
}

const flaggedBefore = (at: Instant): Told => ({
  at,
  source: "journal",
  text: "was flagged then; our journal kept the time before a revert",
  where: null,
});

function ofJournal({ at, run, command, answer, effect, because }: OurAttempt): Told {
  const ends = [answer, effect ?? "no answer yet"].filter((part) => part !== null).join(", ");
  const why = because === null || answer === "accepted" ? "" : `: ${because}`;
  return { at, source: "journal", text: `our ${command}: ${ends}${why}`, where: `run ${run}` };
}

const ofFact = ({ at, source, text, where }: Fact): Told => ({ at, source, text, where });

const ofTrace = ({ at, source, because, taskId }: Trace): Told => ({
  at,
  source,
  text: because,
  where: taskId ? `task ${taskId}` : null,
});

/** The journal tells its attempts itself; logs and results are told line by line where they have lines. */
function isTold({ source, because }: Trace, facts: readonly Fact[]): boolean {
  if (source === "journal" || placeOf(because, facts) !== null) return true;
  return facts.some((fact) => fact.source === source && fact.text === because);
}

function ofSibling({
  id,
  paymentId,
  status,
  flagged,
  metaEventId,
  acceptedAt,
  firstAttempt,
  createdAt,
}: Sibling): Told {
  const state =
    acceptedAt !== null
      ? "Meta accepted the shared event id for it"
      : metaEventId !== null
        ? `confirmed as ${metaEventId}`
        : `${status}${flagged ? ", flagged" : ""}`;
  const name = paymentId ? `sale ${id} (${paymentId})` : `sale ${id}`;
  return {
    at: acceptedAt ?? firstAttempt ?? createdAt,
    source: "row",
    text: `${name} of the same click: ${state}`,
    where: null,
  };
}
