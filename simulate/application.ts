import { MINUTE } from "../src/sales/sale.js";
import type { LivingTask } from "../test/cast/corpus.js";
import type { Sending } from "../test/cast/logs.js";
import { uuid } from "../test/cast/logs.js";
import { pool } from "../test/cast/sales.js";
import type { SaleDraft, VisitDraft } from "./draft.js";
import type { Copy } from "./ledger.js";
import type { Stage } from "./stage.js";
import type { Task } from "./worker.js";
import { Worker } from "./worker.js";

/** The web process waits so long for a task. */
const PATIENCE = 10_000;

/** The application of the incident: it sets the flag first, queues, waits ten seconds, and never tries again. */
export class Application {
  /** What reached Meta by its tasks and by the browser's pixel. */
  readonly copies: Copy[] = [];
  readonly #stage: Stage;
  readonly #worker: Worker;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#worker = new Worker(stage, (sale, eventId, browser) => this.#reaches(sale, eventId, browser));
    for (const sale of stage.draft.sales) stage.timeline.at(sale.paidAt, () => this.#pay(sale));
  }

  /** What a look at the broker would meet now. */
  living(): LivingTask[] {
    return this.#worker.living();
  }

  isOut(at: number): boolean {
    return this.#worker.outageAt(at) !== null;
  }

  #pay(sale: SaleDraft): void {
    const { timeline, shop, say } = this.#stage;
    const { id, paidAt, amount, pixelId, click, refunded } = sale;
    shop.insert({
      id,
      paidAt,
      amount,
      createdAt: paidAt - 3 * MINUTE,
      updatedAt: paidAt,
      flagged: false,
      pageviewEventId: click,
      pools: [pool({ id: Number(pixelId.at(-1)), pixelId })],
      sentFromDelivery: false,
    });
    say(`sale ${id} is paid (pixel …${pixelId.slice(-4)}, page view ${click ?? "unknown"})`);
    for (const visit of sale.visits) timeline.at(paidAt + visit.after, () => this.#visit(sale, visit));
    if (refunded !== null)
      timeline.at(paidAt + refunded, () => {
        say(`sale ${id} is refunded`);
        shop.write(id, { status: "refunded" });
      });
  }

  #visit(sale: SaleDraft, visit: VisitDraft): void {
    const { timeline, shop, say } = this.#stage;
    const at = timeline.now();
    const row = shop.rows.get(sale.id);
    if (row?.status !== "paid") return;
    const eventId = sale.passes ?? sale.click ?? `purchase_${sale.id}_${Math.floor(at / 1000)}`;
    if (visit.browser && sale.click !== null) {
      say(`the browser's pixel reports sale ${sale.id}`);
      shop.write(sale.id, { sentFromDelivery: true });
      this.#reaches(sale, eventId, true);
    }
    if (row.flagged || row.metaEventId !== null) return;
    say(`the delivery page of sale ${sale.id} is opened: flagged (${visit.route})`);
    shop.write(sale.id, { flagged: true, flaggedAt: at });
    if (visit.route === "script") shop.write(sale.id, { sentFromDelivery: true });
    else this.#send(sale, visit, eventId);
  }

  #send(sale: SaleDraft, visit: VisitDraft, eventId: string): void {
    const { timeline, book, random } = this.#stage;
    const at = timeline.now();
    const sending = { saleId: sale.id, paymentId: `BOT19_${sale.id}`, eventId, pixelId: sale.pixelId };
    if (visit.route === "web process dies") {
      book.prepare(at, sending, random.pick(["flag", "queueing", "data"] as const));
      return;
    }
    const ready = book.prepare(at, sending);
    if (visit.route === "cannot queue") {
      const why = "Error 111 connecting to localhost:6379. Connection refused.";
      book.say(ready + 400, `❌ ERRO CRÍTICO ao enfileirar Purchase no Celery: ${why}`, "ERROR");
      this.#giveBack(sale.id);
      return;
    }
    const task: Task = { id: uuid(random), sale, sending, runs: visit.runs, ended: null };
    if (visit.web !== "dies waiting" || random.next() < 0.5) book.queued(ready + 20, sending, task.id);
    if (visit.route === "queue") this.#worker.queue(task, ready + 40 + visit.slow);
    this.#wait(task, visit, ready);
  }

  #wait(task: Task, { web }: VisitDraft, ready: number): void {
    const { timeline, book } = this.#stage;
    if (web === "dies waiting") return;
    timeline.at(ready + PATIENCE, () => {
      const { sale, sending } = task;
      if (task.ended === null) {
        book.waitedInVain(ready + PATIENCE, task.id);
        this.#giveBack(sale.id);
      } else if (task.ended.received) this.#confirm(sending, web === "stores the id", task.ended.at);
      else {
        book.silent(task.ended.at + 20, task.id);
        this.#giveBack(sale.id);
      }
    });
  }

  #confirm(sending: Sending, stored: boolean, at: number): void {
    const { shop, book, say } = this.#stage;
    book.confirmed(at + 15, sending, stored);
    if (!stored) return;
    say(`the application stores the event id of sale ${sending.saleId}`);
    shop.write(sending.saleId, { metaEventId: sending.eventId });
  }

  #giveBack(id: number): void {
    const { shop, givesBack } = this.#stage;
    const row = shop.rows.get(id);
    if (givesBack && row?.flagged && row.metaEventId === null)
      shop.write(id, { flagged: false, flaggedAt: null });
  }

  #reaches({ id, pixelId, unfit }: SaleDraft, eventId: string, browser: boolean): void {
    const { timeline, graph, shop } = this.#stage;
    if (unfit && !browser) return;
    const at = timeline.now();
    const afterRevert = shop.entriesOf(id).some(({ effect }) => effect === "reverted");
    this.copies.push({ saleId: id, pixelId, eventId, at, afterRevert, browser });
    graph.receive(id, pixelId, eventId, at);
  }
}
