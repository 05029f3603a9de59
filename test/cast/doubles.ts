import type { PerformOptions } from "../../src/acting/perform.js";
import type { Sent } from "../../src/acting/send.js";
import { send } from "../../src/acting/send.js";
import type { SendPorts } from "../../src/acting/sending.js";
import type { Selection } from "../../src/acting/survey.js";
import { survey } from "../../src/acting/look.js";
import type {
  List,
  Output,
  Page,
  ReconcilingContext,
  Report,
  RestrainingContext,
  Watching,
} from "../../src/context.js";
import { held } from "../../src/held.js";
import type { RunRecord, Shipping } from "../../src/ports.js";
import type { Plan, Wishes } from "../../src/sales/plan.js";
import { makePlan, noWishes } from "../../src/sales/plan.js";
import type { Action } from "../../src/sales/permissions.js";
import type { RunSummary } from "../../src/sales/summary.js";
import { attemptsOver } from "./doubles/attempts.js";
import { LeapingClock } from "./doubles/clock.js";
import { GraphDouble } from "./doubles/graph.js";
import { evidenceOver, runsOver, salesOver, witnessOver } from "./doubles/reading.js";
import { ShopDouble } from "./doubles/shop.js";
import { OutletsDouble, restraintsOver, successesOver } from "./doubles/unattended.js";
import { now, policy } from "./sales.js";

export { accepted, lost, refused, short, unreached } from "./doubles/graph.js";
export type { Reply, RequestDouble, Script } from "./doubles/graph.js";

/** What a command said, and what it was asked. */
export class OutputDouble implements Output {
  canAsk = false;
  readonly forPeople = false;
  /** What a person would answer. */
  consent = false;
  readonly questions: string[] = [];
  readonly said: string[] = [];
  readonly warned: string[] = [];
  readonly documents: Record<string, unknown>[] = [];
  readonly bars: string[] = [];

  readonly report = <Row>(report: Report<Row>): Promise<void> => {
    // Every form is made, as a real one would be: none of them may throw.
    for (const row of report.rows) for (const column of report.columns) (column.shown ?? column.value)(row);
    JSON.stringify([...report.lines()]);
    this.documents.push(JSON.parse(JSON.stringify(report.document())) as Record<string, unknown>);
    return Promise.resolve();
  };
  readonly list = async <Row>(list: List<Row>): Promise<boolean> => {
    await this.report(await held(list));
    return true;
  };
  readonly pages: Page[] = [];
  readonly page = (page: Page): Promise<void> => {
    this.pages.push(page);
    this.documents.push(JSON.parse(JSON.stringify(page.document())) as Record<string, unknown>);
    return Promise.resolve();
  };
  /** One picture, as if whoever watches left at once. */
  readonly watch = async <Row>({ look }: Watching<Row>): Promise<void> => {
    const { report, lines } = await look();
    await this.report(report);
    for (const { text } of lines) this.say(text);
  };
  readonly data = (): Promise<void> => Promise.resolve();
  readonly say = (line: string): void => void this.said.push(line);
  readonly tell = (line: string): void => void this.said.push(line);
  readonly warn = (line: string): void => void this.warned.push(line);
  readonly summaries: RunSummary[] = [];
  readonly summary = (summary: RunSummary): void => void this.summaries.push(summary);
  readonly chart = (): Promise<void> => Promise.resolve();
  readonly confirm = (question: string): Promise<boolean> => {
    this.questions.push(question);
    return Promise.resolve(this.consent);
  };
  readonly progress = () => ({
    update: (text: string) => void this.bars.push(text),
    stop: () => void this.bars.push("stopped"),
  });
}

/** A shop, a journal, Meta and a clock in memory: everything that the acting path may touch. */
export interface World {
  readonly clock: LeapingClock;
  readonly shop: ShopDouble;
  readonly graph: GraphDouble;
  readonly output: OutputDouble;
  readonly outlets: OutletsDouble;
  readonly stop: AbortController;
  readonly abandon: AbortController;
  /** Faults in the shop's rows by sale, as judging sees them. */
  readonly faults: Map<number, string>;
  /** A context for one command; a new run each time. */
  context(command?: string): ReconcilingContext & RestrainingContext;
  /** Surveys and plans as a command does. */
  plan(action?: Action, wishes?: Partial<Wishes>, selection?: Selection): Promise<Plan>;
}

export const everything: Selection = { by: "span", hours: 24 * 365 };

/** What every run over a shop in memory is handed alike. */
export function portsOver(shop: ShopDouble) {
  return {
    currency: "BRL",
    sales: salesOver(shop),
    again: "",
    asked: { logs: false, broker: false, tracking: false },
    policy,
    runs: runsOver(shop),
    attempts: attemptsOver(shop),
    witness: witnessOver(shop),
    successes: successesOver(shop),
    place: { database: "db:5432/shop as app", graph: "graph.example" },
  };
}

/** Who runs. */
export function recordOf(id: string, command: string): RunRecord {
  return { id, command, host: "web-1", user: "ana", pid: 4711, version: "0.0.0-test" };
}

export function openWorld(start = now): World {
  const clock = new LeapingClock(start);
  const shop = new ShopDouble(clock);
  const graph = new GraphDouble(shop);
  const output = new OutputDouble();
  const outlets = new OutletsDouble();
  const [stop, abandon] = [new AbortController(), new AbortController()];
  const faults = new Map<number, string>();
  let runs = 0;
  const shipping: Shipping = { faults: () => Promise.resolve(faults), lacking: () => null };
  const context = (command = "resend"): ReconcilingContext & RestrainingContext => ({
    ...portsOver(shop),
    output,
    evidence: evidenceOver(shop),
    shipping,
    clock,
    signals: { stop: stop.signal, abandon: abandon.signal },
    record: recordOf(`run-${(runs += 1)}`, command),
    sender: graph.sender,
    outlets,
    restraints: restraintsOver(shop),
  });
  return {
    clock,
    shop,
    graph,
    output,
    outlets,
    stop,
    abandon,
    faults,
    context,
    plan: async (action = "resend", wishes = {}, selection = everything) => {
      const ctx = context(action);
      const found = await survey(ctx, selection);
      return makePlan(action, found.judged, { ...noWishes, ...wishes }, ctx.policy, found.now);
    },
  };
}

/** Sends a plan (or every sale that a window would) in a run of its own. */
export async function sendPlan(
  world: World,
  plan?: Plan,
  differing: { maxRuntimeMs?: number; ports?: Partial<SendPorts> } = {},
): Promise<Sent & { readonly notices: readonly string[]; readonly progress: number }> {
  const ctx = world.context();
  const { act } = plan ?? (await world.plan());
  const got = await ctx.runs.acquire(ctx.record, Infinity);
  if ("holder" in got) throw new Error("another run holds the lock");
  const notices: string[] = [];
  let progress = 0;
  const sent = await send({ ...ctx, ...differing.ports }, act, {
    lease: got.lease,
    ...ctx.signals,
    until: world.clock.now() + (differing.maxRuntimeMs ?? 600_000),
    progress: (done) => void (progress += done.length),
    notice: (line) => void notices.push(line),
  });
  await ctx.runs.release(got.lease, {});
  return { ...sent, notices, progress };
}

/** Answer, effect and reason of each sale, by its id. */
export function endings(sent: Sent): Record<number, string> {
  const outcomes = sent.outcomes.map(
    ({ judged, answer, effect }) => [judged.sale.id, `${answer}, ${effect}`] as const,
  );
  const left = sent.unreached.map(({ item, because }) => [item.judged.sale.id, because] as const);
  return Object.fromEntries([...outcomes, ...left]);
}

/** A window without questions, unless told otherwise. */
export function options(
  differing: Partial<Omit<PerformOptions, "wishes">> & { wishes?: Partial<Wishes> } = {},
): PerformOptions {
  const { wishes, ...rest } = differing;
  return {
    selection: everything,
    yes: true,
    dryRun: false,
    exitCode: false,
    waitMs: 0,
    maxRuntimeMs: 600_000,
    ...rest,
    wishes: { ...noWishes, ...wishes },
  };
}
