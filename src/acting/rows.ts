import type { Attempts, Clock, Lease, Written } from "../ports.js";
import { proofOfDelivery } from "../sales/click.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import type { Judged } from "../sales/verdict.js";
import type { Sent } from "./send.js";
import type { SendOptions } from "./sending.js";
import { stateInWords } from "./state.js";

/** Rows per statement: small enough that the application never waits for our locks (5,000 rows held them for 47 ms). */
const CHUNK = 1000;

export interface RowPorts {
  readonly attempts: Attempts;
  readonly clock: Clock;
}

type RowOptions = Pick<SendOptions, "lease" | "stop" | "until" | "progress">;

/** Gives stuck sales back to the application: the next visit of the delivery page sends them. */
export function revert(ports: RowPorts, planned: readonly Planned[], options: RowOptions): Promise<Sent> {
  return inChunks(
    ports,
    planned,
    options,
    "given back: the next visit of the delivery page sends it",
    (lease, chunk) =>
      ports.attempts.revert(
        lease,
        chunk.map(({ judged: { sale } }) => ({ saleId: sale.id, mark: sale.mark })),
      ),
  );
}

/** Writes the event id of sales that Meta already has. Sends nothing. */
export function confirm(ports: RowPorts, planned: readonly Planned[], options: RowOptions): Promise<Sent> {
  return inChunks(ports, planned, options, "Meta had it already", (lease, chunk) =>
    ports.attempts.confirm(
      lease,
      chunk.map(({ judged }) => ({ saleId: judged.sale.id, mark: judged.sale.mark, ...accepted(judged) })),
    ),
  );
}

/** The id and pixel of the acceptance that proves it, which need not be those that a send would bear. */
function accepted({ sale, evidence, identity }: Judged): {
  eventId: string;
  pixelId: string;
  origin: string;
} {
  const proof = proofOfDelivery(sale, evidence);
  return {
    eventId: proof?.eventId ?? identity.eventId,
    pixelId: proof?.pixelId ?? identity.pixelId ?? "",
    origin: proof?.source ?? identity.origin,
  };
}

async function inChunks(
  { attempts, clock }: RowPorts,
  planned: readonly Planned[],
  options: RowOptions,
  because: string,
  write: (lease: Lease, chunk: readonly Planned[]) => Promise<Written[]>,
): Promise<Sent> {
  const outcomes: Outcome[] = [];
  const written: Written[] = [];
  for (let at = 0; at < planned.length; at += CHUNK) {
    const chunk = planned.slice(at, at + CHUNK);
    if (options.stop.aborted || clock.now() >= options.until) {
      const why = options.stop.aborted ? "not reached: interrupted" : "not reached: --max-runtime";
      return { outcomes, written, unreached: planned.slice(at).map((item) => ({ item, because: why })) };
    }
    const changed = await write(options.lease, chunk);
    const byId = new Map(changed.map((row) => [row.saleId, row]));
    const missed = chunk
      .filter(({ judged }) => !byId.has(judged.sale.id))
      .map(({ judged }) => judged.sale.id);
    const states = missed.length === 0 ? new Map() : await attempts.states(missed);
    for (const { judged, before } of chunk) {
      const row = byId.get(judged.sale.id);
      const why = row ? because : stateInWords(judged, states.get(judged.sale.id), before, clock.now());
      const effect = row?.effect ?? "overtaken";
      outcomes.push({ judged, answer: null, effect, because: why, eventId: row?.metaEventId ?? null });
    }
    written.push(...changed);
    options.progress(chunk.length);
  }
  return { outcomes, written, unreached: [] };
}
