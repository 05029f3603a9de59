import type { SurveyPorts } from "./acting/survey.js";
import type { Asked } from "./sales/causes.js";
import type { RunSummary } from "./sales/summary.js";
import type {
  Attempts,
  Attestations,
  Clock,
  CronFacts,
  EventIds,
  Examiners,
  Eyes,
  Keeper,
  Outlets,
  PastRuns,
  Restraints,
  RunRecord,
  Runs,
  Sender,
  SettingsFacts,
  Successes,
  Witness,
} from "./ports.js";

/** How a cell or a line is meant, so that colour is decided in one place (src/output). */
export type Tone = "good" | "warn" | "bad" | "dim" | "strong";

/** One column of a report. */
export interface Column<Row> {
  /** Heading on a terminal, and the TSV header in lower case with underscores. */
  readonly title: string;
  /** The full value, for TSV; null is an empty cell. */
  readonly value: (row: Row) => string | null;
  /** What a terminal shows instead, where the full value would be too long or too exact. */
  readonly shown?: (row: Row) => string;
  readonly tone?: (row: Row) => Tone | undefined;
  readonly align?: "left" | "right";
  /** May be wrapped or cut so that the table fits the terminal; the others keep their width. */
  readonly flexible?: boolean;
  /** What a narrow terminal can do without: the highest number is left out first, and said to be. */
  readonly spare?: number;
  /** For machines only: a terminal shows the same in another column. */
  readonly machine?: boolean;
}

/** A result in all its forms. Commands build it and print it last, so that a failing command leaves stdout empty. */
export interface Report<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** The one document of `--json`: plain data. */
  readonly document: () => object;
  /** The lines of `--jsonl`: one per row, and a last one of totals. */
  readonly lines: () => Iterable<object>;
}

/** A report whose rows come page by page: a table and the one document of `--json` hold them all, lines hold a page. */
export interface List<Row> {
  /** Of the rows that are held; of none, for those that go by. */
  readonly columns: (rows: readonly Row[]) => readonly Column<Row>[];
  /** To be gone through once. */
  readonly pages: AsyncIterable<readonly Row[]>;
  /** What makes the pages acts: it goes on to its end though nobody reads any more. */
  readonly acts?: boolean;
  readonly one: (row: Row) => object;
  /** Known once the rows went by. */
  readonly totals: () => Promise<object>;
  readonly document: (rows: readonly Row[], totals: object) => object;
  /** The last of the lines of `--jsonl`. */
  readonly last: (totals: object) => object;
}

/** A screen of text for people: a title, and sections of lines. */
export interface Page {
  readonly title: string;
  readonly sections: readonly Section[];
  /** The one document of `--json`: plain data. */
  readonly document: () => object;
}

export interface Section {
  readonly title: string;
  readonly items: readonly Item[];
}

/** A line of a section: wrapped beside its label. */
export interface Item {
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone | undefined;
  /** Beneath it, to be copied: never wrapped. */
  readonly command?: string | null;
}

/** One picture of something that is watched: a report, and the lines beneath it. */
export interface Picture<Row> {
  readonly report: Report<Row>;
  readonly lines: readonly { readonly text: string; readonly tone?: Tone }[];
}

/** How something is watched. */
export interface Watching<Row> {
  readonly everyMs: number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly look: () => Promise<Picture<Row>>;
}

/** Progress of long work: visible on a terminal's stderr only. */
export interface Progress {
  update(text: string): void;
  stop(): void;
}

/** The only way to the user. Every text passes `redact()`, and control characters of foreign data are made visible. */
export interface Output {
  /** Somebody can answer: stdin and stderr are terminals, and the format is one for people. */
  readonly canAsk: boolean;
  /** The report goes to a person's terminal, not into a pipe or a JSON reader. */
  readonly forPeople: boolean;
  /** Writes the report, waiting for a slow reader; does nothing once the reader left (`| head`). */
  report<Row>(report: Report<Row>): Promise<void>;
  /** The same of a list. What goes by is written while the next is read: false where the reader left before its end. */
  list<Row>(list: List<Row>): Promise<boolean>;
  /** A page for people, also into a pipe; `--json` and `--jsonl` give its document, `--tsv` a row per line. */
  page(page: Page): Promise<void>;
  /**
   * Looks again and again: on a terminal each picture takes the place of the one before, elsewhere they follow one
   * another, those of `--json` a document each. Ends with an interruption, or when the reader left.
   */
  watch<Row>(watching: Watching<Row>): Promise<void>;
  /** Raw data on stdout, such as SQL. */
  data(text: string): Promise<void>;
  /** A line for people, on stderr; silent with `--quiet`. */
  say(line: string, tone?: Tone): void;
  /** A line for people, on stderr, also with `--quiet`: what a quiet run has to tell. */
  tell(line: string, tone?: Tone): void;
  /** A warning, on stderr, also with `--quiet`. */
  warn(line: string): void;
  /** What an unattended run did and left, on stderr; with `--quiet` only where something changed or needs a person. */
  summary(summary: RunSummary): void;
  /** A small bar chart on stderr; nothing where the report does not go to a person. */
  chart(title: string, bars: readonly { label: string; count: number; note?: string }[]): Promise<void>;
  /** Asks a yes/no question; anything but y/yes (or s/sim) is no. */
  confirm(question: string): Promise<boolean>;
  progress(label: string): Progress;
}

/** What a command that only looks is handed: nothing here can write or send. */
export interface ReadingContext extends SurveyPorts {
  readonly output: Output;
  /** ISO 4217 of the shop's amounts. */
  readonly currency: string;
  /** Which sources of evidence this invocation has. */
  readonly asked: Asked;
  /** Options that decided how sales were judged, for a command to be typed next; empty, or with a space before it. */
  readonly again: string;
}

/** What a command that changes rows is handed. It cannot send: that takes a `Sender` too. */
export interface ActingContext extends ReadingContext {
  readonly runs: Runs;
  readonly attempts: Attempts;
  /** Null with `--no-witness`. */
  readonly witness: Witness | null;
  readonly clock: Clock;
  readonly signals: Signals;
  /** False where a single session serves reads and writes: neither may keep the other waiting then. */
  readonly readsAhead?: boolean;
  /** Who runs, for the journal and for others who find the lock taken. */
  readonly record: RunRecord;
  /** For the question: what is about to be changed, and who is about to be told. */
  readonly place: { readonly database: string; readonly graph: string };
}

/** What `resend` is handed. */
export interface SendingContext extends ActingContext {
  readonly sender: Sender;
}

/** What `reconcile` is handed: it remembers when it came to its end, and tells the outside. */
export interface ReconcilingContext extends SendingContext {
  readonly successes: Successes;
  readonly outlets: Outlets;
}

/** What `quarantine` and `acknowledge` are handed: they decide about sales, and change none. */
export interface RestrainingContext extends ActingContext {
  readonly restraints: Restraints;
}

/** What an operator's own word is given with: `attest`, and `confirm --event-id`. */
export interface AttestingContext extends ActingContext {
  readonly attestations: Attestations;
  readonly eventIds: EventIds;
}

/** What `undo` is handed: it looks up what a run changed. */
export interface UndoingContext extends ActingContext {
  readonly pastRuns: PastRuns;
}

/** What `observe` is handed: eyes, and a place to keep. It can change no sale. */
export interface ObservingContext extends Pick<ActingContext, "output" | "record"> {
  readonly runs: Pick<Runs, "prepare">;
  readonly keeper: Keeper;
  readonly eyes: Eyes;
}

/** What `doctor` is handed: eyes on everything that the others rely on. It can write nothing and send nothing. */
export interface DoctoringContext {
  readonly output: Output;
  readonly clock: Pick<Clock, "now">;
  readonly currency: string;
  readonly timeZone: string;
  /** META_PIXEL_ID and its token are configured. */
  readonly hasConfiguredPixel: boolean;
  readonly settings: SettingsFacts;
  /** Null without `--as-cron`. */
  readonly cron: CronFacts | null;
  readonly examiners: Examiners;
}

/** The first signal stops the taking of work; what is in flight is given up ten seconds later. */
export interface Signals {
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
  /** What the process ends with for the signal that came; null while none did. */
  readonly code?: () => number | null;
}

/** Lists the journal. */
export interface JournalReader {
  /** Null where no journal exists yet. */
  entries(filter: JournalFilter): Promise<JournalEntry[] | null>;
  /** The guarded update that undoes a run's changes of the shop's rows, ready for psql. */
  inverse(run: string): Promise<string | null>;
}

export interface JournalFilter {
  readonly sales: readonly string[];
  readonly run: string | null;
  readonly unsettledOnly: boolean;
  /** The newest so many; null for all. */
  readonly limit: number | null;
}

/** One attempt, as the journal keeps it. */
export interface JournalEntry {
  readonly id: number;
  readonly run: string;
  readonly command: string;
  readonly saleId: number;
  readonly paymentId: string | null;
  readonly eventId: string | null;
  readonly eventIdOrigin: string | null;
  readonly pixelId: string | null;
  readonly before: {
    readonly flagged: boolean | null;
    readonly flaggedAt: string | null;
    readonly metaEventId: string | null;
  };
  readonly after: {
    readonly flagged: boolean | null;
    readonly flaggedAt: string | null;
    readonly metaEventId: string | null;
  };
  readonly answer: string | null;
  readonly effect: string | null;
  readonly httpStatus: number | null;
  readonly code: number | null;
  readonly subcode: number | null;
  readonly fbtraceId: string | null;
  readonly because: string | null;
  readonly attemptedAt: number;
  readonly settledAt: number | null;
  readonly host: string;
  readonly user: string;
}
