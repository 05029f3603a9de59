import type { Instant } from "../../sales/sale.js";
import type { LogEvent } from "./event.js";
import type { Request } from "./request.js";
import type { TaskStory } from "./runs.js";

/** An attempt while its lines are being found. */
export interface Draft {
  readonly request: Request;
  readonly at: Instant;
  readonly paymentId: string | null;
  readonly saleId: number | null;
  readonly pixelId: string | null;
  readonly eventIdCut: boolean;
  readonly accepted: LogEvent[];
  eventId: string | null;
  taskId: string | null;
  story: TaskStory | null;
  byEventId: boolean;
}

export function draftOf(request: Request, differing: Partial<Draft> = {}): Draft {
  const lines = linesOf(request);
  const { begins, queueing, data, queued, sent, misconfigured, waitFailed, returned } = request;
  const id = data ?? queued ?? sent;
  return {
    request,
    at: lines.length === 0 ? 0 : Math.min(...lines.map((line) => line.at)),
    paymentId:
      queueing?.paymentId ?? sent?.paymentId ?? misconfigured?.paymentId ?? begins?.paymentId ?? null,
    saleId: begins?.saleId ?? misconfigured?.saleId ?? saleIn(id?.eventId ?? ""),
    pixelId: queueing?.pixelId ?? null,
    eventIdCut: id?.cut === true,
    eventId: id?.eventId ?? null,
    taskId: (queued ?? waitFailed ?? returned)?.taskId ?? null,
    accepted: [],
    story: null,
    byEventId: false,
    ...differing,
    ...(differing.story ? { taskId: differing.story.taskId } : {}),
  };
}

/** The application makes `purchase_<id>_<seconds>` where nothing names the click. */
export function saleIn(eventId: string): number | null {
  const id = /^purchase_(\d{1,15})(?:_\d+)?$/.exec(eventId)?.[1];
  return id === undefined ? null : Number(id);
}

export function linesOf(request: Request): LogEvent[] {
  return Object.values(request) as LogEvent[];
}
