import type { LogEvent } from "./event.js";
import { push } from "./only-possible.js";
import { BROKER, NEXT_LINE, type Request } from "./request.js";

/** What the wait for the task told: by task id, or by payment and event id. */
export function addAnswers(events: readonly LogEvent[], requests: Request[]): LogEvent[] {
  const byTask = new Map<string, Request>();
  const byPayment = new Map<string, Request[]>();
  const byEvent = new Map<string, Request[]>();
  for (const request of requests) {
    if (request.queued?.taskId !== undefined) byTask.set(request.queued.taskId, request);
    if (request.queueing?.paymentId !== undefined) push(byPayment, request.queueing.paymentId, request);
    if (request.data?.eventId !== undefined) push(byEvent, request.data.eventId, request);
  }
  const untied: LogEvent[] = [];
  for (const line of events) {
    if (line.kind === "wait-failed" || line.kind === "returned-nothing") {
      const request = byTask.get(line.taskId ?? "") ?? {};
      if (!byTask.has(line.taskId ?? "")) requests.push(request);
      byTask.set(line.taskId ?? "", request);
      request[line.kind === "wait-failed" ? "waitFailed" : "returned"] = line;
    } else if (line.kind === "sent") {
      const own = (byPayment.get(line.paymentId ?? "") ?? []).findLast((one) => answers(line, one));
      if (own) own.sent = line;
      else requests.push({ sent: line });
      push(byEvent, line.eventId ?? "", own ?? (requests.at(-1) as Request));
    } else if (line.kind === "stored" || line.kind === "will-use") {
      if (!addMention(line, byEvent)) untied.push(line);
    }
  }
  return untied;
}

function answers(line: LogEvent, request: Request): boolean {
  const { queueing, data, queued, sent } = request;
  const eventId = data?.eventId ?? queued?.eventId ?? line.eventId;
  const at = queueing?.at ?? Infinity;
  return !sent && eventId === line.eventId && at <= line.at && at >= line.at - BROKER;
}

/** Lines that bear an event id alone, perhaps cut: a fact more for a request, where only one comes into question. */
function addMention(line: LogEvent, byEvent: ReadonlyMap<string, readonly Request[]>): boolean {
  const text = line.eventId ?? "";
  const ids = line.cut === true ? [...byEvent.keys()].filter((id) => id.startsWith(text)) : [text];
  const near = ids
    .flatMap((id) => byEvent.get(id) ?? [])
    .filter((request) => {
      const at = line.kind === "stored" ? request.sent?.at : request.data?.at;
      return at !== undefined && Math.abs(at - line.at) <= NEXT_LINE;
    });
  const [request] = new Set(near);
  if (new Set(near).size !== 1 || request === undefined) return false;
  request[line.kind === "stored" ? "stored" : "willUse"] ??= line;
  return true;
}
