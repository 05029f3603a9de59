import { MINUTE } from "../../sales/sale.js";
import type { LogEvent } from "./event.js";

/** The lines of one request of the web process that belong together with certainty. */
export interface Request {
  begins?: LogEvent;
  willUse?: LogEvent;
  queueing?: LogEvent;
  data?: LogEvent;
  queued?: LogEvent;
  notQueued?: LogEvent;
  sent?: LogEvent;
  stored?: LogEvent;
  waitFailed?: LogEvent;
  returned?: LogEvent;
  misconfigured?: LogEvent;
}

/** `INICIANDO ENFILEIRAMENTO` and `Event Data` are two statements in a row: a request that takes longer is dead. */
export const NEXT_LINE = 10_000;
/** From there to "queued" or an error the broker is spoken to, with its retries. Too long costs only certainty. */
export const BROKER = 10 * MINUTE;
