import fc from "fast-check";
import type { Answer } from "../../../src/sales/outcome.js";

/*
 * What may happen to a few sales, as plain data: a failure shrinks to a short list of steps. Few ids, clicks and times,
 * so that they meet each other often.
 */

/** Hours before the story begins; a negative one lies in the future, as clocks of web hosts do. */
export type Hours = 30 | 5 | 3 | 2 | -1;

export interface RowDraft {
  readonly id: number;
  readonly status: "paid" | "pending";
  readonly amount: "97.00" | "10.00";
  readonly created: Hours;
  readonly paid: Hours | null;
  readonly flagged: boolean;
  readonly flaggedAt: Hours | null;
  readonly metaEventId: string | null;
  readonly click: string | null;
  readonly pool: 1 | 2;
}

/** What the application does to a row meanwhile. */
export type Change =
  | { readonly kind: "refunded" }
  | { readonly kind: "paid again" }
  | { readonly kind: "flagged anew"; readonly at: Hours | null }
  | { readonly kind: "given back" }
  | { readonly kind: "confirmed"; readonly eventId: string | null }
  | { readonly kind: "amount"; readonly amount: RowDraft["amount"] };

type Sales = readonly number[];
/** Attempts by their age: 0 is the latest that was claimed. */
type Attempts = readonly number[];

export type Call =
  | { readonly call: "claim"; readonly sales: Sales; readonly eventId: IdChoice; readonly late: boolean }
  | {
      readonly call: "answer";
      readonly attempts: Attempts;
      readonly answer: Answer;
      readonly revert: boolean;
    }
  | { readonly call: "settle"; readonly attempts: Attempts }
  | { readonly call: "close"; readonly attempts: Attempts }
  | { readonly call: "revert"; readonly sales: Sales }
  | { readonly call: "confirm"; readonly sales: Sales; readonly eventId: IdChoice; readonly word: boolean }
  | { readonly call: "undo"; readonly sales: Sales };

export type IdChoice = "click" | "own" | "another";

/** A write of ours; `by` an earlier run that does not know that it lost its lease. */
export type Writing = Call & {
  readonly step: "write";
  readonly by: "current" | "earlier";
  readonly locked: Sales;
  readonly refusing: Sales;
};

export type Step =
  | Writing
  | { readonly step: "run"; readonly command: string; readonly end: "released" | "expired" | "still held" }
  | { readonly step: "look" }
  | { readonly step: "shop"; readonly sale: number; readonly change: Change };

export interface Story {
  readonly rows: readonly RowDraft[];
  readonly steps: readonly Step[];
}

const hours = fc.constantFrom<Hours[]>(30, 5, 3, 2, -1);
const maybe = <T>(value: fc.Arbitrary<T>, freq = 4) => fc.option(value, { nil: null, freq });
const eventId = fc.constantFrom("click_1", "click_2", "other");

const row = fc.record<Omit<RowDraft, "id">>({
  status: fc.constantFrom("paid", "paid", "paid", "pending"),
  amount: fc.constantFrom("97.00", "10.00"),
  created: hours,
  paid: maybe(hours),
  flagged: fc.constantFrom(true, true, true, false),
  flaggedAt: maybe(hours),
  metaEventId: fc.option(eventId, { nil: null, freq: 1 }).filter((id) => id !== "other"),
  click: maybe(fc.constantFrom("click_1", "click_1", "click_2")),
  pool: fc.constantFrom(1, 1, 2),
});

const sale = fc.integer({ min: 1, max: 4 });
const sales = fc.uniqueArray(sale, { minLength: 1, maxLength: 3 });
const attempts = fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 1, maxLength: 2 });
const rarely = fc.oneof(
  { weight: 5, arbitrary: fc.constant<number[]>([]) },
  { weight: 1, arbitrary: fc.uniqueArray(sale, { minLength: 1, maxLength: 2 }) },
);
const choice = fc.constantFrom<IdChoice[]>("click", "click", "own", "another");
const answer = fc.constantFrom<Answer[]>("accepted", "refused", "not-sent", "unconfirmed");
const seldom = fc.integer({ min: 0, max: 7 }).map((lot) => lot === 7);

const weighted = <T>(...ways: readonly (readonly [number, fc.Arbitrary<T>])[]) =>
  fc.oneof(...ways.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const just = <T extends string>(value: T) => fc.constant(value);

const call: fc.Arbitrary<Call> = weighted<Call>(
  [6, fc.record({ call: just("claim"), sales, eventId: choice, late: seldom })],
  [5, fc.record({ call: just("answer"), attempts, answer, revert: fc.boolean() })],
  [5, fc.record({ call: just("settle"), attempts })],
  [1, fc.record({ call: just("close"), attempts })],
  [3, fc.record({ call: just("revert"), sales })],
  [3, fc.record({ call: just("confirm"), sales, eventId: choice, word: seldom })],
  [2, fc.record({ call: just("undo"), sales })],
);

const writing: fc.Arbitrary<Writing> = fc
  .tuple(
    call,
    fc.record({ by: seldom.map((is) => (is ? "earlier" : "current")), locked: rarely, refusing: rarely }),
  )
  .map(([what, how]) => ({ step: "write", ...what, ...how }));

const change = weighted<Change>(
  [2, fc.record({ kind: just("refunded") })],
  [1, fc.record({ kind: just("paid again") })],
  [2, fc.record({ kind: just("flagged anew"), at: maybe(hours) })],
  [1, fc.record({ kind: just("given back") })],
  [3, fc.record({ kind: just("confirmed"), eventId: maybe(eventId, 3) })],
  [1, fc.record({ kind: just("amount"), amount: fc.constantFrom<RowDraft["amount"][]>("97.00", "10.00") })],
);

const run = fc.record({
  step: just("run"),
  command: fc.constantFrom("resend", "revert", "confirm", "undo"),
  end: fc.constantFrom<("released" | "expired" | "still held")[]>("released", "expired", "still held"),
});

const step = weighted<Step>(
  [8, writing],
  [3, fc.constant<Step>({ step: "look" })],
  [2, fc.record({ step: just("shop"), sale, change })],
  [2, run],
);

const plain = { step: "write", by: "current", locked: [], refusing: [] } as const;
const look = { step: "look" } as const;

/** What single steps, drawn one by one, hardly ever come to. */
const scene = fc.oneof(
  fc.record({ sales, eventId: choice, answer, revert: fc.boolean() }).map((of): Step[] => [
    { ...plain, call: "claim", sales: of.sales, eventId: of.eventId, late: false },
    { ...plain, call: "answer", attempts: [0, 1, 2], answer: of.answer, revert: of.revert },
    { ...plain, call: "settle", attempts: [0, 1, 2] },
    look,
    // Of what may have arrived nothing is given back.
    { ...plain, call: "revert", sales: of.sales },
  ]),
  fc
    .record({ sales, eventId: choice, word: seldom, again: call })
    .map(({ again, ...of }): Step[] => [
      { step: "run", command: "confirm", end: "released" },
      look,
      { ...plain, call: "confirm", ...of },
      look,
      { step: "run", command: "undo", end: "released" },
      { ...plain, call: "undo", sales: of.sales },
      look,
      { ...plain, ...again },
    ]),
  sale.map((first): Step[] => [
    look,
    { step: "shop", sale: first, change: { kind: "confirmed", eventId: "click_1" } },
    { ...plain, call: "claim", sales: [1, 2, 3, 4], eventId: "click", late: false },
  ]),
  fc
    .constantFrom<RowDraft["amount"][]>("97.00", "10.00")
    .map((amount): Step[] => [
      look,
      ...[1, 2, 3, 4].map((one): Step => ({ step: "shop", sale: one, change: { kind: "amount", amount } })),
      { ...plain, call: "claim", sales: [1, 2, 3, 4], eventId: "own", late: false },
    ]),
  fc.constant<Step[]>([
    { step: "shop", sale: 1, change: { kind: "confirmed", eventId: "click_1" } },
    look,
    ...[2, 3, 4].map((one): Step => ({
      ...plain,
      call: "confirm",
      sales: [one],
      eventId: "another",
      word: true,
    })),
  ]),
  sale.map((first): Step[] => [
    { step: "shop", sale: first, change: { kind: "confirmed", eventId: "click_1" } },
    look,
    { ...plain, call: "claim", sales: [first], eventId: "own", late: false },
    { ...plain, call: "answer", attempts: [0], answer: "accepted", revert: false },
    { ...plain, call: "settle", attempts: [0] },
  ]),
);

const turns = weighted<Step[]>([6, step.map((one) => [one])], [1, scene]);

export const anyStory: fc.Arbitrary<Story> = fc.record({
  rows: fc
    .array(row, { minLength: 1, maxLength: 4, size: "max" })
    .map((rows) => rows.map((one, at) => ({ id: at + 1, ...one }))),
  steps: fc.array(turns, { minLength: 1, maxLength: 8, size: "max" }).map((all) => all.flat()),
});
