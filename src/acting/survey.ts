import type { EvidenceReader, Lack, Outside, SalesReader, Shipping, Span, Whole } from "../ports.js";
import { KEPT_FOR } from "../ports.js";
import { noEvidence } from "../sales/evidence.js";
import { identify } from "../sales/identity.js";
import type { Instant, Sale } from "../sales/sale.js";
import { DAY } from "../sales/sale.js";
import { isShort } from "../sales/short.js";
import type { Judged, Policy } from "../sales/verdict.js";
import { judge } from "../sales/verdict.js";

export interface SurveyPorts {
  readonly sales: SalesReader;
  readonly evidence: EvidenceReader;
  readonly shipping: Shipping;
  readonly policy: Policy;
}

/** Sales by name, or a span of them. */
export type Selection =
  | { readonly by: "name"; readonly references: readonly string[] }
  | { readonly by: "span"; readonly hours: number }
  | { readonly by: "span"; readonly since: Instant; readonly until: Instant | null };

/** What a command starts from: the sales it was asked about, read once and judged at one moment. */
export interface Survey {
  /** The horizon: the database's clock when the survey began. */
  readonly now: Instant;
  readonly judged: readonly Judged[];
  /** Named sales that are not stuck: there is nothing to do about them. */
  readonly others: readonly Sale[];
  /** Names that no sale bears. */
  readonly unknown: readonly string[];
  readonly span: Span | null;
  readonly outside: Outside | null;
  /** What this invocation lacks to check whether the sales can be sent. */
  readonly lack: Lack | null;
}

export async function survey(ports: SurveyPorts, selection: Selection): Promise<Survey> {
  const looked = await look(ports, selection);
  const judged: Judged[] = [];
  for await (const page of looked.pages) judged.push(...page);
  const { now, others, unknown, span } = looked;
  return { now, judged, others, unknown, span, ...(await looked.rest()) };
}

/** A survey without its sales. */
export type Found = Omit<Survey, "judged">;

/** A survey whose sales go by page by page, so that a million need not be held. */
export interface Look extends Pick<Survey, "now" | "others" | "unknown" | "span"> {
  /** To be gone through once. */
  readonly pages: AsyncIterable<readonly Judged[]>;
  /** What is known once they went by. */
  rest(): Promise<Pick<Survey, "outside" | "lack">>;
}

export async function look(ports: SurveyPorts, selection: Selection): Promise<Look> {
  const now = await ports.sales.now();
  if (selection.by === "span") return lookAtSpan(ports, spanOf(selection, now), now);
  const found = await ports.sales.named(selection.references);
  const sales = [...new Map([...found.values()].map((sale) => [sale.id, sale])).values()];
  const { judged, lack } = await judgeAll(ports, sales, now);
  const open = judged.filter(isOpen);
  const ids = new Set(open.map(({ sale }) => sale.id));
  const others = sales.filter((sale) => !ids.has(sale.id));
  const unknown = selection.references.filter((reference) => !found.has(reference));
  const rest = () => Promise.resolve({ outside: null, lack });
  return { now, others, unknown, span: null, pages: inOnePage(open), rest };
}

/** What was surveyed already. */
export function lookAgain({ judged, outside, lack, ...found }: Survey): Look {
  return { ...found, pages: inOnePage(judged), rest: () => Promise.resolve({ outside, lack }) };
}

async function* inOnePage(judged: readonly Judged[]): AsyncGenerator<readonly Judged[]> {
  yield judged;
}

function lookAtSpan(ports: SurveyPorts, span: Span, now: Instant): Look {
  let lack: Lack | null = null;
  async function* pages(): AsyncGenerator<readonly Judged[]> {
    let whole: Whole | undefined;
    for await (const { sales, isOnly } of ahead(ports.sales.stuck(span))) {
      // Of sales that are not read yet it can only be said that they lie in the span.
      if (!isOnly) whole ??= wholeOf(ports, span, now);
      const part = await judgeAll(ports, sales, now, whole);
      lack ??= part.lack;
      yield part.judged;
    }
  }
  const rest = async () => ({ outside: await ports.sales.outside(span, now), lack });
  return { now, others: [], unknown: [], span, pages: pages(), rest };
}

/** All sales of a span, whatever their number: nothing about one that was created in it is told from much earlier. */
export function wholeOf({ sales }: Pick<SurveyPorts, "sales">, span: Span, now: Instant): Whole {
  return { since: Math.min(now - KEPT_FOR, span.since - DAY), eventIds: () => sales.clicks(span) };
}

/** The next page is read while one is judged: the database and we work side by side. */
async function* ahead(pages: AsyncIterable<readonly Sale[]>) {
  const reader = pages[Symbol.asyncIterator]();
  try {
    let page = await reader.next();
    for (let first = true; page.done !== true; first = false) {
      const next = reader.next();
      next.catch(() => undefined); // Told when its turn comes.
      const following = first ? await next : null;
      yield { sales: page.value, isOnly: first && following?.done === true };
      page = following ?? (await next);
    }
  } finally {
    await reader.return?.();
  }
}

/** Sales of any state by their ids, each judged: whether they are open or not, evidence about them counts. */
export async function surveyAll(
  ports: SurveyPorts,
  ids: readonly number[],
): Promise<Pick<Survey, "now" | "judged">> {
  const now = await ports.sales.now();
  const wanted = new Set(ids);
  const found = await ports.sales.named(ids.map(String));
  const sales = [...found.values()].filter(({ id }) => wanted.has(id));
  return { now, judged: (await judgeAll(ports, sales, now)).judged };
}

/** One sale of any state. Whether it is open says if its verdict means anything. */
export interface Examined extends Pick<Survey, "now" | "lack"> {
  readonly judged: Judged;
  readonly open: boolean;
}

/** Null where no sale bears the name. */
export async function examine(ports: SurveyPorts, reference: string): Promise<Examined | null> {
  const now = await ports.sales.now();
  const sale = (await ports.sales.named([reference])).get(reference);
  if (sale === undefined) return null;
  const { judged, lack } = await judgeAll(ports, [sale], now);
  const [one] = judged;
  return one === undefined ? null : { now, lack, judged: one, open: isOpen(one) };
}

export function spanOf(selection: Exclude<Selection, { by: "name" }>, now: Instant): Span {
  if ("hours" in selection) return { since: now - selection.hours * 3_600_000, until: null };
  return { since: selection.since, until: selection.until };
}

/**
 * Stuck, or reverted by us and not sent since: paid, without id either way. Of those with an id only what Meta folded
 * into another sale, and that only where somebody names it: a window reads stuck sales alone.
 */
function isOpen(judged: Judged): boolean {
  const { sale, evidence } = judged;
  if (sale.metaEventId !== null) return isShort(judged);
  return sale.status === "paid" && (sale.flagged || evidence.reverted);
}

/** Evidence comes first: it may name the pixel, and with it the pool, that an event must go to. */
async function judgeAll(
  { evidence, shipping, policy }: SurveyPorts,
  sales: readonly Sale[],
  now: Instant,
  whole?: Whole,
): Promise<{ judged: Judged[]; lack: Lack | null }> {
  const found = await evidence.about(sales, now, whole);
  const of = (sale: Sale) => found.get(sale.id) ?? noEvidence;
  const identities = sales.map((sale) => identify(sale, of(sale), policy.pixelId, policy.trustInferred));
  const parcels = sales.map((sale, at) => ({ sale, pool: identities[at]?.pool ?? null }));
  const faults = await shipping.faults(parcels, now);
  const judged = sales.map((sale, at) =>
    judge(sale, of(sale), { fault: faults.get(sale.id) ?? null }, policy, now, identities[at]),
  );
  return { judged, lack: shipping.lacking(sales) };
}
