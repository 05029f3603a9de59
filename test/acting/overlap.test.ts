import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resend } from "../../src/commands/resend.js";
import { ACCEPTED_FOR } from "../../src/sales/verdict.js";
import type { Reply, RequestDouble, World } from "../cast/doubles.js";
import { accepted, lost, openWorld, options, refused, short, unreached } from "../cast/doubles.js";
import { pool } from "../cast/sales.js";

/*
 * Any shop, any answers of Meta, an application that goes on meanwhile; then the same command once more, with Meta well
 * and the application still. Whatever happened in the first run: nothing counts twice, and every sale has an end.
 */

const minute = 60_000;
const hour = 60 * minute;

interface Buyer {
  /** Whose page view the sale bears: one of three shared ones, its own, or none. */
  readonly click: "a" | "b" | "c" | "own" | "none";
  readonly pixelId: string;
  readonly paidHoursAgo: number;
  /** Whether the application's own copy, sent when the sale was paid, reached Meta. */
  readonly arrived: boolean;
  readonly sentFromDelivery: boolean;
}

const buyer: fc.Arbitrary<Buyer> = fc.record({
  click: fc.constantFrom("a", "b", "c", "own", "own", "own", "none"),
  pixelId: fc.constantFrom("1001", "1001", "2002"),
  paidHoursAgo: fc.constantFrom(0.1, 1, 5, 19, 30, 45, 46.95, 46.999, 47.5, 100, 166.9, 167.5),
  arrived: fc.boolean(),
  sentFromDelivery: fc.boolean(),
});

/** How Meta answers a request, by how many of its events it stores. */
const replies: Record<string, (size: number, share: number) => Reply> = {
  accepted,
  "refused event": () => refused("event"),
  "refused request": () => refused("request"),
  "refused credentials": () => refused("credentials", { code: 190 }),
  "refused policy": () => refused("policy", { code: 10 }),
  "rate limit": () => refused("rate", { code: 4 }),
  "rate limit of an hour": () => refused("rate", { code: 4, waitMs: hour }),
  transient: () => refused("transient", { code: 2 }),
  "no answer": (size, share) => lost(Math.round(size * share)),
  short: (size, share) => short(Math.floor(size * share * 0.99)),
  "no connection": unreached,
};

/** What the application does to a sale in the middle of the run. */
const deeds = ["refund", "confirm", "visit", "clear the flag"] as const;

const story = fc.record({
  buyers: fc.array(buyer, { minLength: 1, maxLength: 14 }),
  answers: fc.array(
    fc.record({ kind: fc.constantFrom(...Object.keys(replies)), share: fc.constantFrom(0, 0.5, 1) }),
    { maxLength: 12 },
  ),
  bad: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 2 }),
  meanwhile: fc.array(
    fc.record({
      sale: fc.integer({ min: 1, max: 14 }),
      deed: fc.constantFrom(...deeds),
      afterMs: fc.integer({ min: 100, max: 8_000 }),
    }),
    { maxLength: 6 },
  ),
  wishes: fc.record({ acceptDuplicate: fc.boolean(), revertRefused: fc.boolean(), named: fc.boolean() }),
  interrupted: fc.option(fc.integer({ min: 100, max: 10_000 }), { nil: null, freq: 5 }),
  hoursBetween: fc.constantFrom(0, 1, 2, 20, 46, 49),
});

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const pageViewOf = ({ click }: Buyer, id: number) =>
  click === "none" ? null : click === "own" ? `pageview_${id}` : `pageview_${click}`;

/** Copies that the application itself brought to Meta, beside ours. */
interface Theirs {
  readonly saleId: number;
  readonly pixelId: string;
  readonly eventId: string;
  readonly at: number;
}

class Teller {
  readonly world: World = openWorld();
  readonly theirs: Theirs[] = [];
  readonly doubled: number[] = [];
  readonly #story: Story;

  constructor(told: Story) {
    this.#story = told;
    const { shop, clock } = this.world;
    for (const [index, buyer] of told.buyers.entries()) {
      const id = index + 1;
      const paidAt = clock.now() - buyer.paidHoursAgo * hour;
      const pools = [pool({ id: buyer.pixelId === "1001" ? 1 : 2, pixelId: buyer.pixelId })];
      const { sentFromDelivery } = buyer;
      shop.insert({
        id,
        paidAt,
        createdAt: paidAt - minute,
        updatedAt: paidAt,
        pageviewEventId: pageViewOf(buyer, id),
        pools,
        sentFromDelivery,
      });
      if (buyer.arrived) this.#copy(id, paidAt + 1_000);
    }
    this.world.graph.latencyMs = 700;
  }

  /** The application's copy of a sale reaches Meta. */
  #copy(id: number, at: number): string {
    const buyer = this.#story.buyers[id - 1] as Buyer;
    const eventId = pageViewOf(buyer, id) ?? `purchase_${id}_${Math.floor(at / 1000)}`;
    const copy = { saleId: id, pixelId: buyer.pixelId, eventId, at };
    this.theirs.push(copy);
    this.world.graph.receive(copy.saleId, copy.pixelId, eventId, at);
    return eventId;
  }

  /** The application never sends a sale that it has flagged, unless it is the one that sends it. */
  #deed(id: number, deed: (typeof deeds)[number]): void {
    const { shop, clock } = this.world;
    const row = shop.rows.get(id);
    if (!row || row.status !== "paid" || row.metaEventId !== null) return;
    if (deed === "refund") shop.write(id, { status: "refunded" });
    else if (deed === "clear the flag") shop.write(id, { flagged: false, flaggedAt: null });
    else if (deed === "confirm") shop.write(id, { metaEventId: this.#copy(id, clock.now()), flagged: true });
    else if (!row.flagged) {
      this.#copy(id, clock.now());
      shop.write(id, { flagged: true, flaggedAt: clock.now() });
    }
  }

  async firstRun(): Promise<number> {
    const { answers, bad, meanwhile, interrupted } = this.#story;
    const { graph, clock, stop } = this.world;
    const start = clock.now();
    for (const { sale, deed, afterMs } of meanwhile) clock.at(start + afterMs, () => this.#deed(sale, deed));
    if (interrupted !== null) clock.at(start + interrupted, () => stop.abort());
    graph.script = ({ sales }: RequestDouble) => {
      const { kind, share } = answers[graph.requests.length - 1] ?? { kind: "accepted", share: 1 };
      if (kind === "accepted" && sales.some((id) => bad.includes(id))) return refused("event");
      return replies[kind]?.(sales.length, share) ?? accepted(sales.length);
    };
    return await this.#run(stop.signal);
  }

  async cleanRun(): Promise<number> {
    const { graph, clock } = this.world;
    clock.still();
    clock.pass(this.#story.hoursBetween * hour + minute);
    graph.script = ({ sales }) => accepted(sales.length);
    return await this.#run(new AbortController().signal);
  }

  async #run(stop: AbortSignal): Promise<number> {
    const ctx = this.world.context();
    const signals = { ...ctx.signals, stop };
    const code = await resend({ ...ctx, signals }, options({ wishes: this.#story.wishes }));
    const { planned } = this.document() as unknown as { planned: { id: number; mayDouble: boolean }[] };
    this.doubled.push(...planned.filter(({ mayDouble }) => mayDouble).map(({ id }) => id));
    return code;
  }

  document() {
    return this.world.output.documents.at(-1) as unknown as {
      readonly sales: readonly { id: number }[];
      readonly outcomes: readonly { id: number; answer: string | null; effect: string; because: string }[];
      readonly left: readonly { id: number; because: string; needsPerson: boolean }[];
    };
  }
}

/** How many purchases Meta would count of these copies alone. */
function countedAlone(copies: readonly Theirs[]): number {
  const { graph } = openWorld();
  for (const { saleId, pixelId, eventId, at } of copies.toSorted((a, b) => a.at - b.at))
    graph.receive(saleId, pixelId, eventId, at);
  return graph.ledger.filter(({ counted }) => counted).length;
}

function expectNothingCountsTwice({ world, theirs, doubled }: Teller, { buyers }: Story): void {
  const groups = new Map<string, number[]>();
  for (const [index, buyer] of buyers.entries()) {
    // To Meta, sales of one click are one event only at one pixel.
    const key = `${buyer.pixelId} ${pageViewOf(buyer, index + 1) ?? `none ${index + 1}`}`;
    groups.set(key, [...(groups.get(key) ?? []), index + 1]);
  }
  for (const ids of groups.values()) {
    const alone = countedAlone(theirs.filter(({ saleId }) => ids.includes(saleId)));
    const may = doubled.filter((id) => ids.includes(id)).length;
    expect(world.graph.countOf(...ids)).toBeLessThanOrEqual(Math.max(ids.length, alone) + may);
  }
}

function expectSoundJournal({ world: { shop, graph } }: Teller): void {
  const sent = graph.requests.flatMap(({ sales, eventIds, pixelId }) =>
    sales.map((id, at) => `${id} ${eventIds[at]} ${pixelId}`),
  );
  const attempts = shop.journal.map(({ saleId, eventId, pixelId }) => `${saleId} ${eventId} ${pixelId}`);
  expect(attempts.toSorted()).toEqual(sent.toSorted());
  expect(graph.unclaimed).toEqual([]);
  for (const { answer, effect, settledAt } of shop.journal) {
    expect(settledAt).not.toBeNull();
    expect(answer === "accepted" ? ["confirmed", "overtaken"] : ["kept", "reverted", "overtaken"]).toContain(
      effect,
    );
  }
  for (const id of shop.rows.keys()) {
    const entries = shop.entriesOf(id);
    const doubt = entries.findIndex(({ answer }) => answer === "unconfirmed");
    if (doubt >= 0) expect(entries.slice(doubt).map(({ effect }) => effect)).not.toContain("reverted");
  }
}

/** No id stands in a row that Meta does not have, and no sale was sent that is too old or not paid. */
function expectTrueRows({ world: { shop, graph } }: Teller): void {
  for (const { id, metaEventId } of shop.rows.values())
    if (metaEventId !== null)
      expect(graph.ledger).toContainEqual(expect.objectContaining({ saleId: id, eventId: metaEventId }));
  for (const { sales, at } of graph.requests)
    for (const id of sales) expect(at - (shop.read(id).paidAt ?? 0)).toBeLessThan(ACCEPTED_FOR);
}

function expectEverySaleToldOf(teller: Teller, code: number): void {
  const { outcomes, left, sales } = teller.document();
  const told = [...outcomes, ...left];
  expect(told.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(
    sales.map(({ id }) => id).toSorted((a, b) => a - b),
  );
  for (const { because } of told) expect(because).not.toBe("");
  const allWell =
    outcomes.every(({ effect }) => effect === "confirmed") && left.every(({ needsPerson }) => !needsPerson);
  if (code === 0) expect(allWell).toBe(true);
}

describe("resend, whatever Meta answers and the application does meanwhile", () => {
  test("counts nothing twice, forgets no sale, and the next run brings each to its end", async () => {
    const seen = { confirmed: 0, unconfirmed: 0, reverted: 0, overtaken: 0, left: 0 };
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const teller = new Teller(told);
        const { shop, output } = teller.world;
        const first = await teller.firstRun();
        expectEverySaleToldOf(teller, first);
        expectSoundJournal(teller);
        for (const { effect, answer } of shop.journal) {
          if (effect === "reverted") seen.reverted += 1;
          if (answer === "unconfirmed") seen.unconfirmed += 1;
        }
        seen.overtaken += teller.document().outcomes.filter(({ effect }) => effect === "overtaken").length;
        const second = await teller.cleanRun();
        expectEverySaleToldOf(teller, second);
        expectSoundJournal(teller);
        expectTrueRows(teller);
        expectNothingCountsTwice(teller, told);
        expect(output.warned).toEqual([]);
        const { outcomes, left } = teller.document();
        // With Meta well and the application still, whatever is tried succeeds, and what is stuck is told of.
        for (const outcome of outcomes)
          expect(outcome).toMatchObject({ answer: "accepted", effect: "confirmed" });
        const stuck = [...shop.rows.values()].filter(
          (row) => row.status === "paid" && row.flagged && row.metaEventId === null,
        );
        expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(stuck.map(({ id }) => id)));
        seen.confirmed += outcomes.length;
        seen.left += left.length;
      }),
      { numRuns: 600 },
    );
    // A property that never met a case says nothing about it.
    for (const [kind, count] of Object.entries(seen)) expect(count, kind).toBeGreaterThan(0);
  });
});
