import { allOf } from "../../cast/pages.js";
import { WriteRefused } from "../../../src/errors.js";
import type { Claims, Guard, Lease, Settlement, Writes, Written } from "../../../src/ports.js";
import { LeaseLost } from "../../../src/ports.js";
import { rivalsOf } from "../../../src/sales/click.js";
import type { Evidence } from "../../../src/sales/evidence.js";
import { noEvidence } from "../../../src/sales/evidence.js";
import type { Sale } from "../../../src/sales/sale.js";
import { HOUR } from "../../../src/sales/sale.js";
import type { RowWas } from "../../../src/sales/undo.js";
import { newRun, settlementOf } from "../../cast/product.js";
import type { Side } from "./side.js";
import { Words } from "./words.js";
import type { Call, IdChoice, Step, Story, Writing } from "./story.js";

/** Plays a story on one side and tells all that could be seen of it, in words that are the same on both. */
export async function play(side: Side, story: Story): Promise<unknown[]> {
  await side.reset(story.rows);
  const player = new Player(side, story);
  await player.step({ step: "run", command: "resend", end: "released" });
  const seen: unknown[] = [await player.step({ step: "look" })];
  for (const step of story.steps) seen.push(await player.step(step));
  return [...seen, await player.step({ step: "look" }), await player.end()];
}

class Player {
  readonly #side: Side;
  readonly #ids: readonly number[];
  readonly #words: Words;
  /** What the last look saw: by then, or by now, no longer true. */
  #judged = new Map<number, { sale: Sale; evidence: Evidence }>();
  /** The rows as they were at first: what `undo` makes of them. */
  #first: ReadonlyMap<number, RowWas> | null = null;
  readonly #leases: Lease[] = [];
  /** The latest first, with what is to follow from their answers. */
  readonly #attempts: string[] = [];
  readonly #settlements = new Map<string, Settlement>();

  constructor(side: Side, { rows }: Story) {
    this.#side = side;
    this.#ids = rows.map(({ id }) => id);
    this.#words = new Words(side);
  }

  async step(step: Step): Promise<unknown> {
    switch (step.step) {
      case "look":
        return await this.#look();
      case "shop":
        return await this.#side.write(step.sale, step.change);
      case "run":
        return await this.#run(step);
      case "write":
        return await this.#write(step);
    }
  }

  /** What only the end is asked for: each question takes a transaction of its own. */
  async end(): Promise<unknown> {
    const { sales, attempts } = this.#side;
    const span = { since: this.#side.now() - 100 * HOUR, until: this.#side.now() - 2.5 * HOUR };
    return await this.#words.end({
      stuck: (await allOf((await sales.stuck(span)).pages())).map(({ id }) => id),
      states: await attempts.states([...this.#ids, 99]),
    });
  }

  async #look(): Promise<unknown> {
    const { sales, evidence } = this.#side;
    const named = await sales.named(this.#ids.map(String));
    const all = this.#ids.flatMap((id) => named.get(String(id)) ?? []);
    const found = await evidence.about(all, this.#side.now());
    this.#judged = new Map(
      all.map((sale) => [sale.id, { sale, evidence: found.get(sale.id) ?? noEvidence }]),
    );
    this.#first ??= new Map(all.map((sale) => [sale.id, rowOf(sale)]));
    return await this.#words.look(all, found);
  }

  async #run({ command, end }: Extract<Step, { step: "run" }>): Promise<unknown> {
    const { runs } = this.#side;
    const [lease] = this.#leases;
    if (lease && end === "released") await runs.release(lease, {});
    if (end === "expired") await this.#side.expire();
    const renewed = lease ? await runs.renew(lease, 60_000) : null;
    const got = await runs.acquire(newRun(command, `run-${this.#leases.length + 1}`), 600_000);
    if ("holder" in got) return { renewed, holder: got.holder.run };
    this.#leases.unshift(got.lease);
    return { renewed };
  }

  async #write(writing: Writing): Promise<unknown> {
    const lease = this.#leases[writing.by === "earlier" ? 1 : 0];
    if (!lease) return "nobody";
    const { locked, refusing } = writing;
    try {
      const told = await this.#side.during(locked, refusing, () => this.#call(lease, writing));
      return await this.#words.told(told);
    } catch (error) {
      if (error instanceof LeaseLost || error instanceof WriteRefused) return error.constructor.name;
      throw error;
    }
  }

  async #call(lease: Lease, call: Call): Promise<Claims | Writes | readonly Written[] | undefined> {
    const { attempts } = this.#side;
    switch (call.call) {
      case "claim": {
        const got = await attempts.claim(lease, this.#claims(call));
        this.#attempts.unshift(...got.claimed.map(({ attempt }) => attempt));
        return got;
      }
      case "answer": {
        const { answer } = call;
        // Never both: an accepted sale is not given back (acting/book.ts).
        const changes = { answer, revert: call.revert && answer !== "accepted", because: `Meta: ${answer}` };
        const given = this.#named(call.attempts).map((attempt) => settlementOf(attempt, changes));
        if (answer === "accepted") for (const one of given) this.#settlements.set(one.attempt, one);
        await attempts.answer(lease, given);
        for (const one of given) this.#settlements.set(one.attempt, one);
        return undefined;
      }
      case "settle":
        return await attempts.settle(
          lease,
          this.#named(call.attempts).map(
            (attempt) => this.#settlements.get(attempt) ?? settlementOf(attempt, { answer: "unconfirmed" }),
          ),
        );
      case "close":
        return await attempts.close(lease, this.#named(call.attempts), "the row could not be had");
      case "revert":
        return await attempts.revert(lease, this.#guards(call.sales));
      case "confirm":
        return await attempts.confirm(lease, this.#confirmations(call));
      case "undo": {
        const because = "undone";
        return await attempts.undo(
          lease,
          this.#seen(call.sales).map(({ sale, evidence: { lastAttempt } }) => {
            const from = rowOf(sale);
            return { saleId: sale.id, lastAttempt, from, to: this.#first?.get(sale.id) ?? from, because };
          }),
        );
      }
    }
  }

  #seen(sales: readonly number[]) {
    return sales.flatMap((id) => this.#judged.get(id) ?? []);
  }

  #guards(sales: readonly number[]): Guard[] {
    return this.#seen(sales).map(({ sale: { id, mark }, evidence: { lastAttempt } }) => {
      return { saleId: id, mark, lastAttempt };
    });
  }

  #claims({ sales, eventId: choice, late }: Extract<Call, { call: "claim" }>) {
    return this.#seen(sales).map(({ sale, evidence }) => {
      const eventId = chosen(sale, choice);
      return {
        saleId: sale.id,
        mark: sale.mark,
        lastAttempt: evidence.lastAttempt,
        eventId,
        origin: choice,
        pixelId: "pixel_1",
        before: Date.now() + (late ? -HOUR : HOUR),
        takeBack: !sale.flagged,
        siblings: rivalsOf(sale, evidence, eventId),
        // As of a sale that Meta folded into another: its row keeps the id.
        metaEventId: sale.metaEventId,
      };
    });
  }

  /** An operator's word is about one sale (commands/confirm.ts). */
  #confirmations({ sales, eventId, word }: Extract<Call, { call: "confirm" }>) {
    const seen = this.#seen(word ? sales.slice(0, 1) : sales);
    return seen.map(({ sale, evidence: { lastAttempt } }) => ({
      saleId: sale.id,
      mark: sale.mark,
      lastAttempt,
      eventId: chosen(sale, eventId),
      origin: word ? "attestation" : "worker log",
      pixelId: "pixel_1",
      ...(word && { because: "ana: seen in the manager" }),
    }));
  }

  #named(ages: readonly number[]): string[] {
    return ages.flatMap((age) => this.#attempts[age] ?? []);
  }
}

const rowOf = ({ flagged, mark, metaEventId }: Sale): RowWas => ({
  flagged,
  flaggedAt: mark.flaggedAt,
  metaEventId,
});

function chosen({ id, pageviewEventId }: Sale, choice: IdChoice): string {
  if (choice === "another") return "click_1";
  return choice === "click" && pageviewEventId !== null ? pageviewEventId : `purchase_${id}`;
}
