import type { EvidenceReader, Lack, SalesReader, Shipping, Span, Whole } from "../ports.js";
import { noEvidence } from "../sales/evidence.js";
import { identify } from "../sales/identity.js";
import type { Instant, Sale } from "../sales/sale.js";
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
  /** What this invocation lacks to check whether the sales can be sent. */
  readonly lack: Lack | null;
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

/**
 * Stuck, or reverted by us and not sent since: paid, without id either way. Of those with an id only what Meta folded
 * into another sale, and that only where somebody names it: a window reads stuck sales alone.
 */
export function isOpen(judged: Judged): boolean {
  const { sale, evidence } = judged;
  if (sale.metaEventId !== null) return isShort(judged);
  return sale.status === "paid" && (sale.flagged || evidence.reverted);
}

/** Evidence comes first: it may name the pixel, and with it the pool, that an event must go to. */
export async function judgeAll(
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
