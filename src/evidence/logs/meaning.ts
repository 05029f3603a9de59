import type { Instant } from "../../sales/sale.js";
import { readApplication } from "./application-lines.js";
import { LineClock } from "./clock.js";
import type { LogEvent, LogName, Said } from "./event.js";
import type { KnownTasks } from "./known-tasks.js";
import { readWorker } from "./worker-lines.js";
import * as head from "./heads.js";
import { applicationWorth, workerWorth, worth } from "./worth.js";
import type { ZoneClock } from "./zone.js";

/** What was met in a file, by kind of line. */
export interface LineCounts {
  /** Lines with a time of each shape; the rest are continuations, or another program's. */
  application: number;
  worker: number;
  meaningful: number;
  /** Ours by their words, but broken: an id is missing or has bytes that no id has. */
  unreadable: number;
}

export interface MeaningOptions {
  readonly file: string;
  readonly lineage: string;
  readonly zone: ZoneClock;
  readonly tasks: KnownTasks;
  /** Worker lines from here on are kept whatever their task: the application's lines about it may not be read yet. */
  readonly lateFrom: Instant;
  readonly after: Instant | null;
  readonly busy: readonly string[];
}

const ends = new Set<Said["kind"]>(["succeeded", "retrying", "raised", "time-limit"]);
const processLines = new Set<Said["kind"]>(["worker-started", "process-gone"]);

/** Makes events of lines. Whatever cannot concern a Purchase is left before any text is made of it. */
export class Meaning {
  readonly counts: LineCounts = { application: 0, worker: 0, meaningful: 0, unreadable: 0 };
  readonly clock: LineClock;
  /** Worker processes that spoke of a Purchase, and have not told how its task ended. */
  readonly busy: Set<string>;
  events: LogEvent[] = [];
  #line: number;
  /** `Event data inválido: …`: the line after it names the event, with a head of its own or without. */
  #invalid: { line: number; process: string; at: Instant } | null = null;
  readonly #options: MeaningOptions;

  constructor(options: MeaningOptions, line: number) {
    this.#options = options;
    this.#line = line;
    this.clock = new LineClock(options.zone, options.after);
    this.busy = new Set(options.busy);
  }

  pass(b: Buffer, from: number, to: number): void {
    this.#line += 1;
    let start = from;
    // A file that was emptied under its writer has a hole of NULs before the next line.
    while (start < to && b[start] === 0) start++;
    const end = b[to - 1] === 0x0d ? to - 1 : to;
    const shape = head.shapeOf(b, start, end);
    if (shape === 1) this.#application(b, start, end);
    else if (shape === 2) this.#worker(b, start, end);
    else if (this.#invalid !== null) this.#continuation(b, start, end);
  }

  #application(b: Buffer, start: number, end: number): void {
    this.counts.application += 1;
    this.clock.pass(b, start);
    const message = head.applicationMessage(b, start, end);
    if (message < 0 || applicationWorth(b, message, end) === worth.nothing) return;
    const said = readApplication(b.toString("utf8", message, end));
    if (said === null) return;
    if (said !== "unreadable" && said.kind === "queued" && said.taskId !== undefined)
      this.#options.tasks.add(said.taskId);
    this.#tell("application", said, this.clock.read(b, start));
  }

  #worker(b: Buffer, start: number, end: number): void {
    this.counts.worker += 1;
    this.clock.pass(b, start + 1);
    const message = head.workerMessage(b, start, end);
    if (message < 0) return;
    const prefix = head.prefixAt(b, message, end);
    const text = prefix < 0 ? message : prefix + 39;
    const value = workerWorth(b, text, end);
    if (value === worth.nothing || (value === worth.other && this.busy.size === 0)) return;
    if (value === worth.task && !this.#mayMatter(b, head.taskAt(b, text, end))) return;
    const process = /\/([!-~]{1,60})$/.exec(b.toString("latin1", start, message - 2))?.[1] ?? "";
    const read = readWorker(b.toString("utf8", text, end));
    const said = read ?? (value === worth.task ? "unreadable" : null);
    const taskId = prefix < 0 ? null : b.toString("latin1", prefix, prefix + 36);
    if (said !== null) this.#sort(said, process, taskId, this.clock.read(b, start + 1));
  }

  #mayMatter(b: Buffer, id: number): boolean {
    if (this.busy.size > 0 || this.#options.tasks.mayHold(b, id)) return true;
    return (this.clock.last ?? 0) >= this.#options.lateFrom;
  }

  /** Keeps what a Purchase's task said; of the others only that their process went on. */
  #sort(said: Said | "unreadable", process: string, prefix: string | null, moment: Instant | null): void {
    const { tasks, lateFrom } = this.#options;
    if (said === "unreadable") return this.#tell("worker", said, moment, process);
    if (said.kind === "other-event") {
      this.#invalid = null;
      if (this.busy.delete(process)) this.#tell("worker", said, moment, process);
      return;
    }
    if (said.kind === "invalid-event" && said.eventId === undefined) {
      if (moment !== null) this.#invalid = { line: this.#line, process, at: moment };
      return;
    }
    if (said.taskId === undefined) {
      if (!processLines.has(said.kind)) this.busy.add(process);
      if (prefix !== null) tasks.add(prefix);
      return this.#tell("worker", prefix === null ? said : { ...said, taskId: prefix }, moment, process);
    }
    const spoke = ends.has(said.kind) && this.busy.delete(process);
    if (spoke) tasks.add(said.taskId);
    // Whoever is ended by force may have been a Purchase, and is rare.
    const isKilled = said.kind === "time-limit";
    if (spoke || isKilled || tasks.has(said.taskId) || (moment ?? 0) >= lateFrom)
      this.#tell("worker", said, moment, process);
  }

  #continuation(b: Buffer, start: number, end: number): void {
    const invalid = this.#invalid;
    this.#invalid = null;
    if (invalid === null || this.#line !== invalid.line + 1) return;
    const said = readWorker(b.toString("utf8", start, end));
    if (said === null || said === "unreadable" || said.kind !== "invalid-event") return;
    this.busy.add(invalid.process);
    this.#tell("worker", said, invalid.at, invalid.process);
  }

  #tell(log: LogName, said: Said | "unreadable", moment: Instant | null, process?: string): void {
    const broken = said === "unreadable" || moment === null;
    this.counts[broken ? "unreadable" : "meaningful"] += 1;
    const { file, lineage } = this.#options;
    const place = { log, lineage, file, line: this.#line, at: moment ?? this.clock.last ?? 0 };
    const who = process === undefined ? {} : { process };
    this.events.push(broken ? { kind: "unseen", ...place, ...who } : { ...said, ...place, ...who });
  }
}
