import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/*
 * The application's logs, as its web process and its workers write them. `LogBook` knows the shapes of lines and that
 * one worker process does one thing at a time; what happens to which sale, `corpus.ts` decides.
 */

/** Stands for an access token in dumps and errors. No output of ours may hold it. */
export const logSecret = "segredo-da-loja-que-ninguem-pode-ver";
/** Stands for a customer, likewise. */
export const logPerson = "maria.silva@example.com";

export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number below. */
  below(n: number): number;
  pick<T>(list: readonly T[]): T;
}

/** mulberry32: the same numbers for the same seed, on every machine. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)] as never };
}

export function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}

/** What the clock of a host in UTC-3 shows. */
export function shown(at: number): string {
  const text = new Date(at - 3 * 3_600_000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)},${text.slice(20, 23)}`;
}

export interface Sending {
  readonly paymentId: string;
  readonly saleId: number;
  readonly eventId: string;
  readonly pixelId: string;
}

export type Outcome =
  | "success"
  | "refused"
  | "expired-token"
  | "5xx"
  | "429"
  | "timeout"
  | "exception"
  | "invalid"
  | "limit";

interface Line {
  readonly at: number;
  readonly text: string;
}

/** One run of a Purchase task, as it really was. */
export interface Run {
  readonly at: number;
  readonly end: number;
  readonly task: string;
  readonly sale: Sending;
  readonly outcome: Outcome;
  readonly dies: RunOptions["dies"];
}

export class LogBook {
  readonly web: Line[] = [];
  readonly worker: Line[] = [];
  readonly runs: Run[] = [];
  /** When each sale's flag was set, by payment id. */
  readonly flags = new Map<string, number[]>();
  /** When each process is busy. */
  readonly #busy: (readonly [from: number, to: number])[][];
  readonly #random: Random;

  constructor(random: Random, processes = 16) {
    this.#random = random;
    this.#busy = Array.from({ length: processes }, () => []);
  }

  say(at: number, message: string, level = "INFO"): void {
    this.web.push({ at, text: `${shown(at)} - ${level} - ${message}` });
  }

  tell(at: number, process: string, message: string, level = "INFO"): void {
    this.worker.push({ at, text: `[${shown(at)}: ${level}/${process}] ${message}` });
  }

  /** The page's and the sender's lines up to "about to queue"; returns when the last was written. */
  prepare(
    at: number,
    { paymentId, saleId, eventId, pixelId }: Sending,
    upTo: "flag" | "queueing" | "data" = "data",
  ): number {
    let t = at;
    const step = (): number => (t += 1 + this.#random.below(120));
    this.flags.set(paymentId, [...(this.flags.get(paymentId) ?? []), at]);
    this.say(
      step(),
      "[META DELIVERY] Delivery - payment.meta_purchase_sent marcado como True (ANTES de enviar) para evitar duplicação",
    );
    this.say(
      step(),
      `[META DELIVERY] Delivery - Enviando Purchase via Server (Conversions API) para payment ${saleId}`,
    );
    this.say(
      step(),
      `[META DELIVERY] Delivery - event_id que será usado (mesmo do client-side): ${eventId.slice(0, 50)}...`,
    );
    if (upTo === "flag") return t;
    this.say(
      step(),
      `🚀 [META PURCHASE] Purchase - INICIANDO ENFILEIRAMENTO: Payment ${paymentId} | Pool: Loja | Pixel: 1 da Ana | Pixel: ${pixelId}`,
    );
    if (upTo === "queueing") return t;
    this.say(
      step(),
      `🚀 [META PURCHASE] Purchase - Event Data: event_name=Purchase, event_id=${eventId}, event_time=${Math.floor(at / 1000)}`,
    );
    this.say(step(), dump(pixelId));
    return t;
  }

  queued(at: number, { eventId }: Sending, task: string): void {
    this.say(
      at,
      `📤 Purchase enfileirado: R$ 97.00 | Pool: Loja | Event ID: ${eventId} | Task: ${task} | Type: initial`,
    );
  }

  confirmed(at: number, { paymentId, eventId }: Sending, stored = true): void {
    this.say(at, `📤 Purchase ENVIADO: ${paymentId} | Events Received: 1 | event_id: ${eventId}`);
    if (stored)
      this.say(at + 4, `[META PURCHASE] Purchase - meta_event_id atualizado: ${eventId.slice(0, 50)}...`);
  }

  waitedInVain(at: number, task: string, error = "The operation timed out."): void {
    this.say(at, `❌ Purchase FALHOU (timeout/erro): R$ 97.00 | Erro: ${error} | Task: ${task}`, "ERROR");
    this.say(at + 3, "✅ meta_purchase_sent revertido - Purchase pode ser tentado novamente");
  }

  silent(at: number, task: string): void {
    this.say(at, `❌ Purchase FALHOU silenciosamente: R$ 97.00 | Result: None | Task: ${task}`, "ERROR");
  }

  received(at: number, task: string): void {
    this.tell(at, "MainProcess", `Task celery_app.send_meta_event[${task}] received`);
  }

  /** One run of a task in a free process. Returns when it ended. `dies` leaves it without an end. */
  run(from: number, task: string, sale: Sending, outcome: Outcome, options: RunOptions = {}): number {
    const { eventId, pixelId } = sale;
    const { dies = null, attempt = 1, name = "Purchase" } = options;
    const at = from + 20 + this.#random.below(200);
    const end = at + 2 + this.#random.below(20);
    const slot = this.#free(at, end);
    const process = `ForkPoolWorker-${slot + 1}`;
    if (name === "Purchase") this.runs.push({ at, end, task, sale, outcome, dies });
    // A process that was killed says nothing more until the worker is started anew.
    this.#busy[slot]?.push([at, dies === null ? end : at + 55_000]);
    const of = (rest: string): string => `Meta Event | ${name} | ${rest}`;
    if (dies === "before") return at;
    if (outcome === "success")
      this.tell(
        at,
        process,
        `SUCCESS | ${of(`ID: ${eventId} | Pixel: ${pixelId} | Latency: 231ms | EventsReceived: 1`)}`,
      );
    if (outcome === "refused")
      this.tell(
        at,
        process,
        `FAILED | ${of(`Status: 400 | Pixel: ${pixelId} | Error: ${metaBody(100, 2804003)}`)}`,
        "ERROR",
      );
    if (outcome === "expired-token") {
      this.tell(
        at,
        process,
        `FAILED | ${of(`Status: 401 | Pixel: ${pixelId} | Error: ${metaBody(190, 463)}`)}`,
        "ERROR",
      );
      this.tell(at + 1, process, `ALERT | Token Invalid | Pixel: ${pixelId} | renove o token`, "CRITICAL");
    }
    if (outcome === "5xx")
      this.tell(
        at,
        process,
        `RETRY | ${of(`Status: 500 | Attempt: ${attempt}/10 | Pixel: ${pixelId}`)}`,
        "WARNING",
      );
    if (outcome === "429")
      this.tell(at, process, `RATE_LIMIT | ${of(`Attempt: ${attempt}/10 | Pixel: ${pixelId}`)}`, "WARNING");
    if (outcome === "timeout")
      this.tell(at, process, `TIMEOUT | ${of(`Attempt: ${attempt}/10 | Pixel: ${pixelId}`)}`, "WARNING");
    if (outcome === "exception")
      this.tell(
        at,
        process,
        `EXCEPTION | ${of(`Pixel: ${pixelId} | Error: ('Connection aborted.', RemoteDisconnected('closed'), '${logSecret}')`)}`,
        "ERROR",
      );
    if (outcome === "invalid") {
      this.tell(at, process, `Event data inválido: value ausente em {'em': '${logPerson}'}`, "ERROR");
      this.tell(at + 1, process, `Event: ${name} | ID: ${eventId}`, "ERROR");
    }
    if (dies === "after") return at + 1;
    this.tell(
      end,
      outcome === "limit" ? "MainProcess" : process,
      this.#ending(task, outcome, attempt),
      outcome === "success" ? "INFO" : "ERROR",
    );
    return end;
  }

  #ending(task: string, outcome: Outcome, attempt: number): string {
    const head = `Task celery_app.send_meta_event[${task}]`;
    if (outcome === "success")
      return `${head} succeeded in 0.23s: {'events_received': 1, 'messages': [], 'fbtrace_id': 'A1'}`;
    if (outcome === "refused" || outcome === "expired-token") return `${head} succeeded in 0.31s: None`;
    if (outcome === "429") return `${head} retry: Retry in ${60 * 2 ** attempt}s: Exception('rate limit')`;
    if (outcome === "limit")
      return `Hard time limit (300.0s) exceeded for celery_app.send_meta_event[${task}]`;
    if (outcome !== "invalid")
      return `${head} retry: Retry in ${2 ** attempt}s: Exception('HTTP 500', '${logSecret}')`;
    const trace = `Traceback (most recent call last):\n  File "celery_app.py", line 81\n    args=['1', '${logSecret}', {'em': '${logPerson}'}]`;
    return `${head} raised unexpected: ValueError('Event data inválido')\n${trace}`;
  }

  #free(from: number, to: number): number {
    const free = this.#busy.flatMap((spans, slot) =>
      spans.some((span) => span[0] <= to && span[1] >= from) ? [] : [slot],
    );
    if (free.length === 0) throw new Error("Too much happens at once for so few processes.");
    return this.#random.pick(free);
  }

  /** Every process dies at once, and others take their names. */
  restart(at: number): void {
    this.tell(at + 3_000, "MainProcess", "Connected to redis://localhost:6379/0");
    this.tell(at + 3_100, "MainProcess", "celery@shop-1 ready.");
  }

  texts(until = Infinity): { web: string[]; worker: string[] } {
    const text = (lines: readonly Line[]): string[] =>
      lines
        .filter(({ at }) => at <= until)
        .toSorted((a, b) => a.at - b.at)
        .map((line) => line.text);
    return { web: text(this.web), worker: text(this.worker) };
  }

  /** `gunicorn.log` in two parts, `celery.log` in three, the oldest compressed. Returns their paths. */
  write(folder: string, until = Infinity): string[] {
    const { web, worker } = this.texts(until);
    const path = (name: string): string => join(folder, name);
    const part = (lines: readonly string[], from: number, to: number): string =>
      lines
        .slice(Math.floor(lines.length * from), Math.floor(lines.length * to))
        .map((line) => `${line}\n`)
        .join("");
    writeFileSync(path("gunicorn.log.1"), part(web, 0, 0.55));
    writeFileSync(path("gunicorn.log"), part(web, 0.55, 1));
    writeFileSync(path("celery.log.2.gz"), gzipSync(part(worker, 0, 0.3)));
    writeFileSync(path("celery.log.1"), part(worker, 0.3, 0.7));
    writeFileSync(path("celery.log"), part(worker, 0.7, 1));
    return ["gunicorn.log", "celery.log.1", "gunicorn.log.1", "celery.log", "celery.log.2.gz"].map(path);
  }
}

export interface RunOptions {
  /** The process is killed: before it sent, or after Meta answered. */
  readonly dies?: "before" | "after" | null;
  readonly attempt?: number;
  readonly name?: string;
}

function metaBody(code: number, subcode: number): string {
  return `{"error":{"message":"Invalid parameter","type":"OAuthException","code":${code},"error_subcode":${subcode},"fbtrace_id":"A1"}}`;
}

/** A message of several lines, as the application writes them: some look like lines of their own. */
function dump(pixelId: string): string {
  return [
    "[META PURCHASE] Purchase - Payload:",
    "{",
    `  "url": "https://graph.facebook.com/v21.0/${pixelId}/events",`,
    `  "access_token": "${logSecret}",`,
    `  "user_data": {"em": "${logPerson}"},`,
    `SUCCESS | Meta Event | Purchase | ID: forged | Pixel: ${pixelId} | Latency: 1ms | EventsReceived: 1`,
    "}",
  ].join("\n");
}
