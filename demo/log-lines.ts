/** A line of a log, and when it was written. */
export interface Line {
  readonly at: number;
  readonly text: string;
}

/** A sale as the application's processes speak of it. */
export interface Told {
  readonly id: number;
  readonly paymentId: string;
  readonly eventId: string;
  readonly pixel: string;
  readonly pool: string;
  readonly task: string;
  readonly process: string;
}

const clock = (at: number) => new Date(at).toISOString().replace("T", " ").replace(".", ",").slice(0, 23);

/** `logs/gunicorn.log`, by a host in UTC. */
export function web(at: number, message: string, level = "INFO"): Line {
  return { at, text: `${clock(at)} - ${level} - ${message}` };
}

/** `logs/celery.log`, likewise. */
export function worker(at: number, process: string, message: string, level = "INFO"): Line {
  return { at, text: `[${clock(at)}: ${level}/${process}] ${message}` };
}

/** What the delivery page's request writes until it has queued the task. */
export function sending(at: number, { id, paymentId, eventId, pixel, pool, task }: Told): Line[] {
  const delivery = "[META DELIVERY] Delivery -";
  const purchase = "🚀 [META PURCHASE] Purchase -";
  return [
    flagged(at),
    web(at + 20, `${delivery} Enviando Purchase via Server (Conversions API) para payment ${id}`),
    web(at + 30, `${delivery} event_id que será usado (mesmo do client-side): ${eventId.slice(0, 50)}...`),
    web(
      at + 90,
      `${purchase} INICIANDO ENFILEIRAMENTO: Payment ${paymentId} | Pool: ${pool} | Pixel: ${pixel}`,
    ),
    web(
      at + 91,
      `${purchase} Event Data: event_name=Purchase, event_id=${eventId}, event_time=${Math.floor(at / 1000)}`,
    ),
    web(
      at + 110,
      `📤 Purchase enfileirado: R$ 97.00 | Pool: ${pool} | Event ID: ${eventId} | Task: ${task} | Type: initial`,
    ),
  ];
}

function flagged(at: number): Line {
  return web(
    at,
    "[META DELIVERY] Delivery - payment.meta_purchase_sent marcado como True (ANTES de enviar) para evitar duplicação",
  );
}

/** The request ended before it built an event: the pool does not allow one. */
export function forbidden(at: number, { id, paymentId }: Told, fault: string): Line[] {
  return [
    flagged(at),
    web(
      at + 20,
      `[META DELIVERY] Delivery - Enviando Purchase via Server (Conversions API) para payment ${id}`,
    ),
    web(at + 60, `❌ ${fault} (Payment ${paymentId})`, "ERROR"),
  ];
}

export function confirmed(at: number, { paymentId, eventId }: Told): Line {
  return web(at, `📤 Purchase ENVIADO: ${paymentId} | Events Received: 1 | event_id: ${eventId}`);
}

export function stored(at: number, { eventId }: Told): Line {
  return web(at, `[META PURCHASE] Purchase - meta_event_id atualizado: ${eventId.slice(0, 50)}...`);
}

/** Ten seconds were not enough, or the task raised. */
export function waitFailed(at: number, { task }: Told, error = "The operation timed out."): Line {
  return web(at, `❌ Purchase FALHOU (timeout/erro): R$ 97.00 | Erro: ${error} | Task: ${task}`, "ERROR");
}

export function silent(at: number, { task }: Told): Line {
  return web(at, `❌ Purchase FALHOU silenciosamente: R$ 97.00 | Result: None | Task: ${task}`, "ERROR");
}

export function received(at: number, { task }: Told): Line {
  return worker(at, "MainProcess", `Task celery_app.send_meta_event[${task}] received`);
}

/** What a run says of Meta, and how Celery ends it. */
export function run(at: number, { task, process }: Told, says: string, ends: string, level = "INFO"): Line[] {
  return [
    worker(at, process, says, level),
    worker(at + 6, process, `Task celery_app.send_meta_event[${task}] ${ends}`, level),
  ];
}

export function accepted(at: number, told: Told): Line[] {
  const says = `ID: ${told.eventId} | Pixel: ${told.pixel} | Latency: 231ms | EventsReceived: 1`;
  const answer = "{'events_received': 1, 'messages': [], 'fbtrace_id': 'A1'}";
  return run(at, told, `SUCCESS | Meta Event | Purchase | ${says}`, `succeeded in 0.24s: ${answer}`);
}
