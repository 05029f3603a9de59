import type { Claimed, GraphAnswer, Settlement } from "../ports.js";
import type { Trace } from "../sales/evidence.js";
import type { Blame } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";

/** Meta's limit of events per request (Meta, "Using the API"). */
export const BATCH = 1000;

/** Sales that share a request. */
export interface Batch {
  readonly sales: readonly Planned[];
  /** How often this very batch was sent. */
  readonly tries: number;
}

/** What follows from an answer for the batch, and for the pixel's other sales. */
export interface Consequence {
  readonly answer: Settlement["answer"];
  /** Whose fault it is; null for an acceptance, and where several shared the request that was refused. */
  readonly blame: Blame | null;
  readonly because: string;
  /** What to send next in the batch's place; empty when its sales are settled. */
  readonly again: readonly Batch[];
  /** Pause before the next request, in milliseconds. */
  readonly pauseMs: number;
  /** Why the pixel's other sales are not tried; null when they are. */
  readonly stop: string | null;
}

/** Tries of one batch when the answer is lost, transient, or no connection is made. Later runs go on. */
const TRIES = 3;

/** First pause after a failure; it doubles. Meta's rate limits name their own. */
const PAUSE_MS = 1_000;
const RATE_PAUSE_MS = 60_000;

/** Decides what one answer means for its batch. Pure; the table "What happens to a sent sale" of docs/verdicts.md. */
export function consequence(answer: GraphAnswer, batch: Batch): Consequence {
  const next = { sales: batch.sales, tries: batch.tries + 1 };
  const pauseMs = PAUSE_MS * 2 ** batch.tries;
  const settled = { again: [], pauseMs: 0, stop: null };
  const network = { blame: "network" } as const;
  const last = next.tries >= TRIES;
  if (answer.kind === "accepted")
    return { ...settled, answer: "accepted", blame: null, because: "Meta received it" };
  if (answer.kind === "unreached") {
    const because = `no connection to Meta was made: ${answer.because}`;
    if (last) return { ...settled, ...network, answer: "not-sent", because, stop: because };
    return { ...network, answer: "not-sent", because, again: [next], pauseMs, stop: null };
  }
  if (answer.kind === "unknown") {
    const because = `no certain answer: ${answer.because}`;
    // A batch that came back short is never repeated whole: which of its events arrived shows only one by one.
    if (answer.short && batch.sales.length > 1) {
      return { ...network, answer: "unconfirmed", because, again: alone(batch), pauseMs, stop: null };
    }
    if (last) return { ...settled, ...network, answer: "unconfirmed", because };
    return { ...network, answer: "unconfirmed", because, again: [next], pauseMs, stop: null };
  }
  const because = `Meta refused: ${refusalCode(answer)} ${answer.message}`.trimEnd();
  switch (answer.scope) {
    case "credentials":
    case "policy":
      return { ...settled, answer: "not-sent", blame: "pixel", because, stop: because };
    case "rate": {
      const wait = answer.waitMs ?? RATE_PAUSE_MS * 2 ** batch.tries;
      return { answer: "not-sent", blame: "pixel", because, again: [next], pauseMs: wait, stop: null };
    }
    case "transient":
      if (last) return { ...settled, ...network, answer: "not-sent", because };
      return {
        ...network,
        answer: "not-sent",
        because,
        again: [next],
        pauseMs: Math.max(pauseMs, answer.waitMs ?? 0),
        stop: null,
      };
    case "event":
    case "request":
      // A 4xx processed nothing, so that halving costs nothing; no answer names the offender's place.
      if (batch.sales.length > 1)
        return { ...settled, answer: "not-sent", blame: null, because, again: halves(batch) };
      return {
        ...settled,
        answer: answer.scope === "event" ? "refused" : "not-sent",
        blame: "sale",
        because,
      };
  }
}

export function refusalCode(answer: Extract<GraphAnswer, { kind: "refused" }>): string {
  const code = answer.code === null ? `HTTP ${answer.status}` : `${answer.code}`;
  return answer.subcode === null ? code : `${code}/${answer.subcode}`;
}

function halves({ sales }: Batch): Batch[] {
  const middle = Math.ceil(sales.length / 2);
  return [
    { sales: sales.slice(0, middle), tries: 0 },
    { sales: sales.slice(middle), tries: 0 },
  ];
}

function alone({ sales }: Batch): Batch[] {
  return sales.map((sale) => ({ sales: [sale], tries: 0 }));
}

/**
 * Cuts a lane's sales into requests. Two things keep a sale that spoils its request from doing so in every run: the
 * oftener one could not be sent the later it goes, and one whose answers stayed lost shares its request with half as many
 * for each of them (under the same id it is folded in any company), until it is alone.
 */
export function batches(sales: readonly Planned[]): Batch[] {
  const cut: Planned[][] = [];
  let room = 0;
  for (const item of sales.toSorted((a, b) => count(a, isNotSent) - count(b, isNotSent))) {
    const last = cut.at(-1);
    room = Math.min(room, roomOf(item));
    if (last && last.length < room) last.push(item);
    else {
      cut.push([item]);
      room = roomOf(item);
    }
  }
  return cut.map((batch) => ({ sales: batch, tries: 0 }));
}

const isNotSent = ({ result }: Trace) => result === "not-sent";
const isLost = ({ unsettled }: Trace) => unsettled;

const roomOf = (item: Planned) => Math.max(1, Math.floor(BATCH / 2 ** count(item, isLost)));

function count({ judged: { evidence } }: Planned, is: (trace: Trace) => boolean): number {
  return evidence.traces.filter((trace) => trace.by === "purchase-fix" && is(trace)).length;
}

/** The same answer, noted for every attempt of its request. */
export function settlements(
  notes: readonly { readonly claim: Claimed; readonly revert: boolean }[],
  answer: GraphAnswer,
  { answer: settled, blame, because }: Pick<Consequence, "answer" | "blame" | "because">,
): Settlement[] {
  const refused = answer.kind === "refused" ? answer : null;
  const status = answer.kind === "accepted" ? 200 : answer.kind === "unreached" ? null : answer.status;
  return notes.map(({ claim, revert }) => ({
    attempt: claim.attempt,
    answer: settled,
    blame,
    revert,
    status,
    code: refused?.code ?? null,
    subcode: refused?.subcode ?? null,
    fbtraceId: answer.kind === "unreached" ? null : answer.fbtraceId,
    because,
  }));
}
