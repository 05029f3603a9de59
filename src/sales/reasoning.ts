import type { Asked } from "./causes.js";
import type { Evidence } from "./evidence.js";
import type { Judged, VerdictKind } from "./verdict.js";
import { isProvenLost } from "./verdict.js";

/** One rule of the judging order, as it was answered for one sale. */
export interface Step {
  readonly question: string;
  readonly answer: "yes" | "no" | "not known";
  readonly because: string;
  /** The verdict is this rule's. */
  readonly decides: boolean;
}

/** docs/verdicts.md, "How a verdict is reached", in its order. */
const questions = [
  "an attempt of our own without an answer?",
  "Meta's acceptance on record?",
  "its task may still run?",
  "every attempt proven not to have arrived?",
  "same pixel and id known, under 47 h?",
] as const;

/** Which rule a verdict comes from, counted from 0. */
const ruleOf: Readonly<Record<VerdictKind, number>> = {
  unsettled: 0,
  delivered: 1,
  folded: 1,
  "in-flight": 2,
  lost: 3,
  ambiguous: 4,
  untraceable: 4,
};

/** The number that contradictions and documents call the deciding rule by. */
export const ruleNumber = ({ kind }: Pick<Judged, "kind">): number => ruleOf[kind] + 1;

/** The rules up to the one that decided: why each earlier one did not hold, in short. */
export function stepsOf(judged: Judged, asked: Asked): Step[] {
  const { kind, because, evidence } = judged;
  const earlier = [
    noOpenAttempt(evidence),
    noAcceptance(evidence),
    noLiveTask(evidence, asked),
    notProvenLost(evidence, asked),
  ] as const;
  const decided = ruleOf[kind];
  return questions.slice(0, decided + 1).map((question, at) => {
    const why = earlier[at];
    if (at < decided && why) return { question, ...why, decides: false };
    return { question, answer: kind === "untraceable" ? "no" : "yes", because, decides: true };
  });
}

type Why = Pick<Step, "answer" | "because">;

const no = (because: string): Why => ({ answer: "no", because });

function noOpenAttempt({ traces }: Evidence): Why {
  const ours = traces.filter(({ by }) => by === "purchase-fix");
  if (ours.length === 0) return no("we never sent it");
  return no(
    ours.some(({ unsettled }) => unsettled) ? "a later acceptance settled it" : "each of ours has its answer",
  );
}

function noAcceptance({ traces }: Evidence): Why {
  if (!traces.some(({ result }) => result === "accepted")) return no("no source tells of one");
  return no(
    "only under an id that counted for another sale, and an attempt under another id may have arrived",
  );
}

/** A queue that nobody read is no empty queue. */
function noLiveTask({ noTaskLives }: Evidence, asked: Asked): Why {
  if (noTaskLives) return no("broker and workers were read twice, and no task of it lives");
  if (asked.broker)
    return { answer: "not known", because: "no task of it was met, which does not prove that none is" };
  return { answer: "not known", because: "neither broker nor workers were read" };
}

function notProvenLost(evidence: Evidence, asked: Asked): Why {
  const { traces, complete } = evidence;
  if (isProvenLost(evidence)) return no("of server copies yes, but the browser's pixel may have reported it");
  const open = traces.findLast(({ result }) => result === "unknown" || result === "accepted");
  if (open) return no(`one may have arrived: ${open.because}`);
  if (traces.length === 0)
    return {
      answer: "not known",
      because: asked.logs ? "no attempt is on record" : "no attempt is on record, and no log was read",
    };
  return complete ? no("none is on record") : no("those on record failed, but they need not be all");
}
