import type { ReconcilingContext } from "../src/context.js";
import type { EvidenceReader, Shipping } from "../src/ports.js";
import { GraphDouble } from "../test/cast/doubles/graph.js";
import { OutletsDouble } from "../test/cast/doubles/unattended.js";
import { evidenceOver } from "../test/cast/doubles/reading.js";
import { ShopDouble } from "../test/cast/doubles/shop.js";
import { OutputDouble, portsOver, recordOf } from "../test/cast/doubles.js";
import { LogBook, seeded } from "../test/cast/logs.js";
import { Application } from "./application.js";
import type { WorldDraft } from "./draft.js";
import { murmur, withSources } from "./sources.js";
import { Timeline } from "./timeline.js";

export interface WorldOptions {
  /** Where logs are written; null for a world without. */
  readonly folder: string | null;
  readonly givesBack?: boolean;
  /** For how long logs are murmured on. */
  readonly until: number;
}

/** A shop, its customers, Celery, the browser, Meta and us, from a draft: always the same course. */
export class World {
  readonly timeline: Timeline;
  readonly shop: ShopDouble;
  readonly graph: GraphDouble;
  readonly book: LogBook;
  readonly app: Application;
  /** The story so far, in words. */
  readonly story: string[] = [];
  readonly #folder: string | null;
  readonly #unfit: ReadonlySet<number>;
  /** Confirmed sales of which a run of ours said that Meta never counted them. */
  readonly uncounted = new Set<number>();
  /** When our latest run began. */
  lastRun = 0;
  #runs = 0;

  constructor(draft: WorldDraft, { folder, givesBack = false, until }: WorldOptions) {
    const random = seeded(draft.seed);
    this.#folder = folder;
    this.#unfit = new Set(draft.sales.flatMap(({ id, unfit }) => (unfit ? [id] : [])));
    this.timeline = new Timeline(draft.start);
    this.shop = new ShopDouble(this.timeline);
    this.graph = new GraphDouble(this.shop);
    this.book = new LogBook(random, 64);
    const { timeline, shop, graph, book, say } = this;
    this.app = new Application({ timeline, shop, graph, book, random, draft, givesBack, say });
    if (folder !== null) murmur(book, random, draft.start, until, this.app);
  }

  readonly say = (line: string): void => {
    const at = new Date(this.timeline.now()).toISOString().slice(5, 19).replace("T", " ");
    this.story.push(`${at}  ${line}`);
  };

  isUnfit(id: number): boolean {
    return this.#unfit.has(id);
  }

  /** What runs of ours know beyond row and journal: nothing, or logs, broker and results, read anew after `freshFor`. */
  evidence({ sources, freshFor = 0 }: { sources: boolean; freshFor?: number }): EvidenceReader {
    const base = evidenceOver(this.shop);
    const { app, book, timeline } = this;
    if (!sources || this.#folder === null) return base;
    return withSources({ base, timeline, app, book, folder: this.#folder, freshFor });
  }

  /** All that one run of ours is handed. */
  context(
    command: string,
    evidence: EvidenceReader,
    faults: ReadonlyMap<number, string> = new Map(),
  ): { ctx: ReconcilingContext; output: OutputDouble } {
    const output = new OutputDouble();
    this.lastRun = this.timeline.now();
    const { shop, timeline } = this;
    const shipping: Shipping = { faults: () => Promise.resolve(new Map(faults)), lacking: () => null };
    const id = `run-${(this.#runs += 1)}`;
    const ctx: ReconcilingContext = {
      ...portsOver(shop),
      output,
      evidence,
      shipping,
      clock: timeline,
      signals: { stop: new AbortController().signal, abandon: new AbortController().signal },
      record: recordOf(id, command),
      sender: this.graph.sender,
      outlets: new OutletsDouble(),
    };
    return { ctx, output };
  }
}
