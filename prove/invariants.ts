import type { Attempt, Look, Restored, Row } from "./look.js";
import { EXPIRED } from "./shops.js";

/** The effects that say that the row was written. */
const writing: ReadonlySet<string | null> = new Set(["confirmed", "reverted", "restored"]);

/** What must hold at every moment, in the middle of a crash too. `before` is the look at which the run began. */
export function alwaysBroken(before: Look, now: Look): string[] {
  const attempts = now.attempts.slice(before.attempts.length);
  const begun = new Map(before.rows.map((row) => [row.id, row]));
  const changed = now.rows.filter((row) => differs(row, begun.get(row.id)));
  const written = (id: number) =>
    attempts.filter(({ sale, effect }) => sale === id && writing.has(effect)).length;
  const recorded = new Set(now.attempts.map(({ event }) => event));
  const open = attempts.filter(({ settled }) => !settled).map(({ sale }) => sale);
  return [
    ...changed
      .filter(({ id }) => written(id) !== 1)
      .map(({ id }) => `I4: sale ${id} changed with ${written(id)} journal entries`),
    ...now.rows
      .filter((row) => row.rest !== begun.get(row.id)?.rest)
      .map(({ id }) => `I3: another column of sale ${id} was written`),
    ...now.requests.flatMap(({ eventIds }) =>
      eventIds.filter((id) => !recorded.has(id)).map((id) => `I4: ${id} was sent before it was on record`),
    ),
    ...now.requests
      .filter(({ eventIds }) => eventIds.some(isExpired))
      .map(() => "I6: an expired sale was in a request"),
    ...open
      .filter((sale, at) => open.indexOf(sale) !== at)
      .map((sale) => `two unsettled attempts of sale ${sale}`),
    ...twice(now, attempts),
  ];
}

/** What must hold after the next clean run: the rows are as an undisturbed run leaves them, and Meta counts each sale once. */
export function finallyBroken(before: Look, now: Look, undisturbed: Look): string[] {
  const wanted = new Map(undisturbed.rows.map((row) => [row.id, row]));
  const counted = (event: string | null) =>
    now.ledger.filter((entry) => entry.counted && entry.eventId === event).length;
  const sends = undisturbed.ledger.length > 0;
  const sent = now.rows.filter(
    (row) => sends && row.event !== null && row.event !== before.rows.find(({ id }) => id === row.id)?.event,
  );
  const ids = new Set(sent.map(({ event }) => event));
  return [
    ...alwaysBroken(before, now),
    ...now.rows
      .filter((row) => differs(row, wanted.get(row.id), "but not in time"))
      .map(
        ({ id, flagged, event }) =>
          `I2: sale ${id} is ${String(flagged)}/${event} unlike after an undisturbed run`,
      ),
    ...sent
      .filter(({ event }) => counted(event) !== 1)
      .map(({ id, event }) => `I1: sale ${id} counts ${counted(event)} times`),
    ...now.ledger
      .filter(({ eventId }) => !ids.has(eventId))
      .map(({ eventId }) => `I1: ${eventId} counts for no sale`),
    ...now.attempts.filter(({ settled }) => !settled).map(({ sale }) => `sale ${sale} is still unsettled`),
  ];
}

/** What an undo owes: what nobody touched is as before the run that it undid, to the microsecond; the rest is left alone. */
export function unrestored({ rows, touched }: Restored, before: Look, now: Look): string[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  const left = new Map(before.rows.map((row) => [row.id, row]));
  return now.rows.flatMap((row) => {
    const isTouched = touched.includes(row.id);
    if (!differs(row, (isTouched ? left : found).get(row.id))) return [];
    return [`I5: sale ${row.id} ${isTouched ? "was touched, and is not left alone" : "is not as it was"}`];
  });
}

/** Were server copies not folded: a second one exists only where the answer to the first was lost, under the same id. */
function twice({ ledger }: Look, attempts: readonly Attempt[]): string[] {
  const events = new Set(ledger.map(({ eventId }) => eventId));
  return [...events].flatMap((event) => {
    const copies = ledger.filter(({ eventId }) => eventId === event).length;
    const lost = attempts.filter(
      (one) => one.event === event && (one.answer === "unconfirmed" || !one.settled),
    ).length;
    return copies > 1 + lost ? [`I1: ${copies} copies of ${event}, and only ${lost} answers lost`] : [];
  });
}

function differs(row: Row, other: Row | undefined, how: "at all" | "but not in time" = "at all"): boolean {
  if (other === undefined || row.flagged !== other.flagged || row.event !== other.event) return true;
  return how === "at all" ? row.at !== other.at : (row.at === null) !== (other.at === null);
}

const isExpired = (id: string | null) => id === `pageview_${EXPIRED}` || id === `purchase_${EXPIRED}`;
