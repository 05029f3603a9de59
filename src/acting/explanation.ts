import type { Item, Page, Section, Tone } from "../context.js";
import { causeTable } from "../sales/causes.js";
import type { Explanation } from "../sales/explained.js";
import { stateOf } from "../sales/explained.js";
import { because } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import type { Instant } from "../sales/sale.js";
import { paidMoment } from "../sales/sale.js";
import { age } from "../sales/time.js";
import { item, limitsSection, offersSection, storySection } from "./explanation-sections.js";
import { notStuck } from "./words.js";

/** The sections of `explain`: what it is, why, what was found, and last, beside the prompt, what to type. */
export function explanationPage(
  explanation: Explanation,
  { currency, now, lack }: { readonly currency: string; readonly now: Instant; readonly lack: string | null },
): Omit<Page, "document"> {
  const { open, judged } = explanation;
  const { sale } = judged;
  const paid = paidMoment(sale);
  const about = [
    `Sale ${sale.id} (${sale.paymentId}): ${stateOf(explanation)}`,
    sale.botName,
    sale.amount === null ? "no amount" : showAmount(sale.amount, currency),
    ...(paid === null ? [] : [`${sale.paidAt === null ? "created" : "paid"} ${age(now - paid)} ago`]),
  ];
  const found = storySection(explanation);
  const sections = open
    ? [
        verdictOf(explanation),
        rulesOf(explanation),
        causeOf(explanation),
        identityOf(explanation),
        limitsSection(explanation, now),
        found,
        offersSection(explanation, lack),
      ]
    : [{ title: "Nothing to do", items: [item("", notStuck(sale), "good")] }, found];
  return { title: about.join(" · "), sections };
}

function verdictOf({ judged, contradictions, person }: Explanation): Section {
  const { kind, obstacle, evidence, restraint } = judged;
  const held = obstacle.kind !== "none" || restraint.kind !== "none";
  const tone: Tone = kind === "untraceable" || held ? "warn" : "good";
  const why = person === judged.because ? "" : `: ${person}`;
  const items: Item[] = [
    item(kind, because(judged), tone),
    ...(restraint.kind === "none"
      ? []
      : [item(restraint.kind, `${restraint.because}; windows leave it`, "warn")]),
    ...contradictions.map((line) => item("but", line, "warn")),
    ...(person === null ? [] : [item("person", `somebody must look at it${why}`, "warn")]),
    ...(evidence.workers === null
      ? []
      : [item("workers", `not well, or not known to be: ${evidence.workers}`, "warn")]),
  ];
  return { title: "Verdict", items };
}

function rulesOf({ steps }: Explanation): Section {
  return {
    title: "Why: the first rule that holds decides",
    items: steps.map(({ question, answer, because: why, decides }, at) =>
      item(
        `${at + 1}`,
        `${question} ${answer}: ${decides ? "this decides" : why}`,
        decides ? "strong" : "dim",
      ),
    ),
  };
}

function causeOf({ cause, wouldTell }: Explanation): Section {
  if (cause === null) {
    const title = "Cause: unknown; this would tell";
    return { title, items: wouldTell.map((text) => item("give", text)) };
  }
  const { number, title, symptom, check, remedy } = causeTable[cause];
  return {
    title: `Cause${number === null ? "" : ` ${number}`}: ${title}`,
    items: [
      item("symptom", symptom),
      ...check.map((text) => item("check", text)),
      item("remedy", remedy, "strong"),
    ],
  };
}

const sureness = {
  known: "known",
  presumed: "presumed, and treated as known (risk R1)",
  unknown: "not known to be the earlier attempt's",
} as const;

function identityOf({ judged: { identity } }: Explanation): Section {
  const { eventId, origin, knowledge, pixelId, pool, carrier } = identity;
  const name = pool === null || pool.name === null ? "" : ` (${pool.name})`;
  const place = pool === null ? "in no pool of the sale" : `pool ${pool.id}${name}`;
  const shared =
    carrier === null ? [] : [`sale ${carrier.id} carries the event id of the click that both share`];
  return {
    title: "What a send would bear",
    items: [
      item("event id", `${eventId}: ${sureness[knowledge]}; origin ${origin}`),
      item("pixel", pixelId === null ? "none is known" : `…${pixelId.slice(-4)}, ${place}`),
      ...shared.map((text) => item("click", text)),
    ],
  };
}
