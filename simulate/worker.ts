import type { LivingTask } from "../test/cast/corpus.js";
import type { Outcome, RunOptions, Sending } from "../test/cast/logs.js";
import { HOUR } from "../src/sales/sale.js";
import type { RunFate, SaleDraft } from "./draft.js";
import type { Stage } from "./stage.js";

/** A Purchase task, however often it runs. */
export interface Task {
  readonly id: string;
  readonly sale: SaleDraft;
  readonly sending: Sending;
  readonly runs: readonly RunFate[];
  /** Its first end, as the backend has it for whoever waits. */
  ended: { readonly at: number; readonly received: boolean } | null;
}

interface Fate {
  readonly outcome: Outcome;
  readonly stores: boolean;
  /** Messages that one run leaves behind: a 5xx and a 429 are retried twice, since `except Exception` catches Retry too. */
  readonly copies: number;
  readonly dies: RunOptions["dies"];
}

const fate = (outcome: Outcome, stores: boolean, copies = 0, dies: Fate["dies"] = null): Fate => ({
  outcome,
  stores,
  copies,
  dies,
});

const fates: Readonly<Record<RunFate, Fate>> = {
  success: fate("success", true),
  refused: fate("refused", false),
  "expired token": fate("expired-token", false),
  "5xx, stored": fate("5xx", true, 2),
  "5xx": fate("5xx", false, 2),
  "429": fate("429", false, 2),
  "no answer, stored": fate("timeout", true, 1),
  "no answer": fate("timeout", false, 1),
  invalid: fate("invalid", false),
  "killed before it sent": fate("success", false, 1, "before"),
  "killed after Meta answered": fate("success", true, 1, "after"),
};

/** A worker that died holds what it had until the visibility time-out, and the look for it comes every 100 s. */
const REDELIVERED_AFTER = HOUR + 100_000;

/** Celery as the application runs it: late, more than once, and after its worker's death. */
export class Worker {
  readonly #stage: Stage;
  readonly #reaches: (sale: SaleDraft, eventId: string, browser: boolean) => void;
  readonly #living = new Map<string, LivingTask>();

  constructor(stage: Stage, reaches: (sale: SaleDraft, eventId: string, browser: boolean) => void) {
    this.#stage = stage;
    this.#reaches = reaches;
  }

  living(): LivingTask[] {
    return [...this.#living.values()];
  }

  /** When the outage ends that this moment lies in. */
  outageAt(at: number): number | null {
    return this.#stage.draft.outages.find(([from, to]) => at >= from && at < to)?.[1] ?? null;
  }

  queue(task: Task, at: number): void {
    this.#lives(task, 1, { retries: 0 });
    this.#later(task, 0, at, true);
  }

  #later(task: Task, depth: number, at: number, fresh: boolean): void {
    const { timeline, book } = this.#stage;
    timeline.at(at, () => {
      const over = this.outageAt(at);
      if (over !== null) {
        this.#later(task, depth, over + 5_000 + task.sale.id * 13, fresh);
        return;
      }
      if (fresh) book.received(at, task.id);
      this.#run(task, depth, at + 5);
    });
  }

  #run(task: Task, depth: number, at: number): void {
    const { book, say } = this.#stage;
    const { sale, sending } = task;
    const name = task.runs[depth] ?? "success";
    const told = sale.unfit && fates[name].stores ? fates.refused : fates[name];
    const attempt = Math.min(depth + 1, 10);
    say(`a task of sale ${sale.id} runs: ${sale.unfit && fates[name].stores ? "refused" : name}`);
    const end = book.run(at, task.id, sending, told.outcome, { dies: told.dies ?? null, attempt });
    if (told.stores) this.#reaches(sale, sending.eventId, false);
    this.#lives(task, told.copies - 1, { retries: depth + 1, orphan: told.dies !== null });
    if (told.dies !== null) {
      book.restart(at + 50_000);
      this.#later(task, depth + 1, at + REDELIVERED_AFTER, true);
      return;
    }
    for (let copy = 0; copy < told.copies; copy += 1) {
      book.received(end + 5 + copy, task.id);
      const wait = (told.outcome === "429" ? 60_000 : 1_000) * 2 ** attempt;
      this.#later(task, depth + 1, end + wait + copy * 40, false);
    }
    if (told.copies === 0) task.ended ??= { at: end, received: told.outcome === "success" };
  }

  #lives(task: Task, more: number, state: Partial<LivingTask>): void {
    const before = this.#living.get(task.id);
    const copies = (before?.copies ?? 0) + more;
    if (copies <= 0) this.#living.delete(task.id);
    else
      this.#living.set(task.id, {
        task: task.id,
        sale: task.sending,
        orphan: false,
        retries: 0,
        ...before,
        ...state,
        copies,
      });
  }
}
