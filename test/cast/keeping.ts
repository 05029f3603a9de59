import { newsOf, positionsIn } from "../../src/evidence/logs/keeping.js";
import { together, type AllLogs } from "../../src/evidence/logs/together.js";
import type { KeptEvent, KeptLog, KeptLogs } from "../../src/ports.js";
import { readAll } from "./reading.js";

/** Where logs are kept between readings, as the database does it: by log, line and kind, and through JSON. */
export class Shelf {
  readonly #logs = new Map<string, KeptLog>();
  readonly #events = new Map<string, KeptEvent>();

  /** One observer's look at these files, on this host; lines from `lateFrom` on are not older than an hour to it. */
  async observe(files: readonly string[], host = "web-1", lateFrom = Infinity): Promise<readonly string[]> {
    const known = [...this.#logs.values()];
    const tasks = this.#tasks();
    const read = await readAll(files, { positions: positionsIn(known, host), tasks, lateFrom });
    const news = JSON.parse(JSON.stringify(newsOf(read, known, host, tasks))) as KeptLogs;
    for (const log of news.logs) this.#logs.set(log.log, log);
    for (const event of news.events) {
      const key = `${event.log} ${event.line} ${event.kind}`;
      if (!this.#events.has(key)) this.#events.set(key, event);
    }
    this.#forget();
    return read.warnings;
  }

  /** What a later run knows, with what it reads itself. */
  async all(files: readonly string[], since = 0, host = "web-1"): Promise<AllLogs> {
    const kept = {
      logs: [...this.#logs.values()],
      events: [...this.#events.values()].filter(({ at }) => at >= since),
    };
    const read = await readAll(files, { positions: positionsIn(kept.logs, host), tasks: this.#tasks() });
    return together(kept, read, since, host);
  }

  get events(): readonly KeptEvent[] {
    return [...this.#events.values()];
  }

  get logs(): readonly KeptLog[] {
    return [...this.#logs.values()];
  }

  #tasks(): string[] {
    return this.events.flatMap(({ taskId, unclaimed }) => (unclaimed ? [] : (taskId ?? [])));
  }

  #forget(): void {
    const claimed = new Set(this.#tasks());
    const last = Math.max(...this.events.map(({ at }) => at));
    for (const [key, { unclaimed, at, taskId }] of this.#events)
      if (unclaimed && at < last - 3_600_000 && !claimed.has(taskId ?? "")) this.#events.delete(key);
  }
}
