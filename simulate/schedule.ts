import fc from "fast-check";
import { HOUR, MINUTE } from "../src/sales/sale.js";
import { now } from "../test/cast/sales.js";
import type { RunFate, SaleDraft, VisitDraft, WorldDraft } from "./draft.js";
import type { Mishap } from "./process.js";

/** How Meta answers one request of ours. */
export type Answer =
  | "accepted"
  | "no answer, stored"
  | "no answer"
  | "5xx, stored"
  | "short"
  | "429"
  | "unreached"
  | "token refused";

export type Command = "confirm" | "resend" | "revert" | "reconcile";

/** One command of ours, and what befalls it. */
export interface RunDraft {
  readonly command: Command;
  /** Meanwhile the second pixel's pool is switched off, so that its sales cannot be sent. */
  readonly poolOff: boolean;
  /** After the moment at which the one before it began: none, and they run at once. */
  readonly after: number;
  readonly mishaps: readonly Mishap[];
  readonly answers: readonly Answer[];
}

/** All that will happen: smaller ones are still whole, so that what fails shrinks to the little that it takes. */
export interface Schedule {
  readonly world: WorldDraft;
  readonly runs: readonly RunDraft[];
  /** The run that follows when all is well again. */
  readonly lastly: "resend" | "reconcile";
  /** Logs, broker and results are given. */
  readonly sources: boolean;
}

/** The pixel whose pool may be switched off. */
export const SECOND_PIXEL = "1234567890123402";

const runFate = fc.constantFrom<RunFate>(
  "success",
  "refused",
  "expired token",
  "5xx, stored",
  "5xx",
  "429",
  "no answer, stored",
  "no answer",
  "invalid",
  "killed before it sent",
  "killed after Meta answered",
);

const visit = (after: fc.Arbitrary<number>): fc.Arbitrary<VisitDraft> =>
  fc.record({
    after,
    route: fc.constantFrom(
      "queue",
      "queue",
      "queue",
      "script",
      "web process dies",
      "cannot queue",
      "vanishes",
    ),
    browser: fc.boolean(),
    slow: fc.constantFrom(0, 0, 11_000, 5 * MINUTE, 40 * MINUTE),
    runs: fc.array(runFate, { maxLength: 3 }),
    web: fc.constantFrom("stores the id", "fails to store it", "dies waiting"),
  });

const sale = fc.record({
  click: fc.constantFrom("own", "own", "own", "shared", "none"),
  pixelId: fc.constantFrom("1234567890123401", "1234567890123401", SECOND_PIXEL),
  paidAt: fc.integer({ min: 0, max: 48 * 60 }),
  visits: fc
    .tuple(
      visit(fc.constant(10_000)),
      fc.array(visit(fc.integer({ min: 1, max: 60 }).map((hours) => hours * HOUR)), { maxLength: 2 }),
    )
    .map(([first, later]) => [first, ...later]),
  refunded: fc.option(
    fc.integer({ min: 1, max: 72 }).map((hours) => hours * HOUR),
    { nil: null, freq: 6 },
  ),
  unfit: fc.constantFrom(false, false, false, false, true),
});

const mishap: fc.Arbitrary<Mishap> = fc.record({
  step: fc.integer({ min: 1, max: 24 }),
  kind: fc.constantFrom("killed before", "killed after", "frozen", "clock set"),
  ms: fc.constantFrom(MINUTE, 5 * MINUTE, 3 * HOUR, 50 * HOUR, -2 * HOUR),
});

const run: fc.Arbitrary<RunDraft> = fc.record({
  command: fc.constantFrom<Command>("resend", "reconcile", "resend", "reconcile", "confirm", "revert"),
  poolOff: fc.constantFrom(false, false, true),
  after: fc.constantFrom(0, 1_000, MINUTE, HOUR, 6 * HOUR, 20 * HOUR, 46 * HOUR),
  mishaps: fc.array(mishap, { maxLength: 2 }),
  answers: fc.array(
    fc.constantFrom<Answer>(
      "accepted",
      "no answer, stored",
      "no answer",
      "5xx, stored",
      "short",
      "429",
      "unreached",
      "token refused",
    ),
    { maxLength: 4 },
  ),
});

const START = now - 60 * HOUR;
/** Ours come after most of the sales, since only a flag of some age is looked at. */
export const OURS = START + 30 * HOUR;

export const schedules = (sources: boolean): fc.Arbitrary<Schedule> =>
  fc.record({
    world: fc
      .record({
        seed: fc.integer({ min: 1, max: 1_000_000 }),
        sales: fc.array(sale, { minLength: 1, maxLength: 5 }),
        outage: fc.option(
          fc.record({ from: fc.integer({ min: 0, max: 40 }), hours: fc.integer({ min: 1, max: 12 }) }),
          {
            nil: null,
          },
        ),
      })
      .map(({ seed, sales, outage }): WorldDraft => {
        const from = START + (outage?.from ?? 0) * HOUR;
        const outages = outage === null ? [] : [[from, from + outage.hours * HOUR] as const];
        return { seed, start: START, outages, sales: sales.map(draftOf) };
      }),
    runs: fc.array(run, { minLength: 1, maxLength: 5 }),
    lastly: fc.constantFrom("resend" as const, "reconcile" as const),
    sources: fc.constant(sources),
  });

type Sale = typeof sale extends fc.Arbitrary<infer One> ? One : never;

function draftOf({ click, paidAt, ...rest }: Sale, index: number): SaleDraft {
  const id = index + 1;
  const clicks = { own: `pageview_${id}`, shared: "pageview_shared", none: null };
  return {
    ...rest,
    id,
    paidAt: START + HOUR + paidAt * MINUTE,
    amount: `${id}7.00`,
    click: clicks[click],
    passes: null,
  };
}
