import type { Output, Progress } from "../context.js";
import type { Lack, Outside, Span, Whole } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import type { Judged } from "../sales/verdict.js";
import type { Selection, Survey, SurveyPorts } from "./survey.js";
import { isOpen, judgeAll } from "./survey.js";
import { wholesOf } from "./whole.js";

/** A survey whose sales go by page by page, so that a million need not be held. */
export interface Look extends Pick<Survey, "now" | "others" | "unknown" | "span"> {
  /** How many sales were open when it began. */
  readonly count: number;
  /** The newest first is the incident report's order. `at`: when a page is judged, where that is not when the look began. */
  pages(order?: "newest first" | "oldest first", at?: () => Instant): AsyncIterable<JudgedPage>;
  /** What lies outside its span; null where sales were named. */
  outside(): Promise<Outside | null>;
}

export interface JudgedPage extends Pick<Survey, "judged" | "lack"> {}

export async function survey(ports: SurveyPorts, selection: Selection): Promise<Survey> {
  return await surveyOf(await look(ports, selection));
}

/** A look, with all its sales in hand. Whoever waits for a large one sees how far it is. */
export async function surveyOf(looked: Look, output?: Pick<Output, "progress">): Promise<Survey> {
  const { now, others, unknown, span } = looked;
  const judged: Judged[] = [];
  let lack: Lack | null = null;
  for await (const page of output === undefined ? looked.pages() : counted(looked, output)) {
    // One by one: some 120,000 arguments of one call are more than the stack holds.
    for (const one of page.judged) judged.push(one);
    lack ??= page.lack;
  }
  return { now, judged, others, unknown, span, lack };
}

/** The oldest sales first, so many in hand at a time, each lot judged at one moment of its own. */
export async function* waves(looked: Look, size: number, clock: () => Instant): AsyncGenerator<Survey> {
  const { others, unknown, span } = looked;
  let [now, judged]: [Instant, Judged[]] = [clock(), []];
  let lack: Lack | null = null;
  for await (const page of looked.pages("oldest first", () => now)) {
    for (const one of page.judged) judged.push(one);
    lack ??= page.lack;
    if (judged.length < size) continue;
    yield { now, judged, others, unknown, span, lack };
    [now, judged] = [clock(), []];
  }
  if (judged.length > 0) yield { now, judged, others, unknown, span, lack };
}

export async function look(ports: SurveyPorts, selection: Selection): Promise<Look> {
  const now = await ports.sales.now();
  if (selection.by === "span") return await lookAtSpan(ports, spanOf(selection, now), now);
  const found = await ports.sales.named(selection.references);
  const sales = [...new Map([...found.values()].map((sale) => [sale.id, sale])).values()];
  const { judged, lack } = await judgeAll(ports, sales, now);
  const open = judged.filter(isOpen);
  const ids = new Set(open.map(({ sale }) => sale.id));
  const others = sales.filter((sale) => !ids.has(sale.id));
  const unknown = selection.references.filter((reference) => !found.has(reference));
  return lookAgain({ now, judged: open, others, unknown, span: null, lack }, () => Promise.resolve(null));
}

/** The pages of a look, told on a bar while they go by; of a single page there is nothing to tell. */
export async function* counted(looked: Look, output: Pick<Output, "progress">): AsyncGenerator<JudgedPage> {
  let bar: Progress | null = null;
  let judged = 0;
  try {
    for await (const page of looked.pages()) {
      judged += page.judged.length;
      const text = `looked at ${judged} of ${looked.count} stuck sales`;
      if (bar !== null) bar.update(text);
      else if (judged < looked.count) bar = output.progress(text);
      yield page;
    }
  } finally {
    bar?.stop();
  }
}

/** What was surveyed already. */
export function lookAgain({ judged, lack, ...found }: Survey, outside: Look["outside"]): Look {
  return {
    ...found,
    count: judged.length,
    pages: async function* (order = "newest first") {
      yield { judged: order === "newest first" ? judged : judged.toReversed(), lack };
    },
    outside,
  };
}

async function lookAtSpan(ports: SurveyPorts, span: Span, now: Instant): Promise<Look> {
  const stuck = await ports.sales.stuck(span);
  return {
    now,
    others: [],
    unknown: [],
    span,
    count: stuck.count,
    pages: async function* (order, at = () => now) {
      const wholeAt = wholesOf(ports, span);
      let [moment, whole]: [Instant, Whole] = [now, wholeAt(now)];
      for await (const sales of ahead(stuck.pages(order))) {
        // What is judged at another moment is judged by what broker, logs and clicks tell at that moment.
        const then = at();
        if (moment !== then) [moment, whole] = [then, wholeAt(then)];
        // Of sales that are not read yet it can only be said that they lie in the span.
        const isAll = sales.length === stuck.count;
        yield await judgeAll(ports, sales, moment, isAll ? undefined : whole);
      }
    },
    outside: () => ports.sales.outside(span, now),
  };
}

/** The next is read while one is worked on: the database and we work side by side. */
export async function* ahead<Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  const reader = pages[Symbol.asyncIterator]();
  try {
    for (let page = await reader.next(); page.done !== true;) {
      const next = reader.next();
      next.catch(() => undefined); // Told when its turn comes.
      yield page.value;
      page = await next;
    }
  } finally {
    await reader.return?.();
  }
}

export function spanOf(selection: Exclude<Selection, { by: "name" }>, now: Instant): Span {
  if ("hours" in selection) return { since: now - selection.hours * 3_600_000, until: null };
  return { since: selection.since, until: selection.until };
}
