import type { LogEvent } from "./event.js";
import { addAnswers } from "./answers.js";
import { before } from "./before.js";
import { onlyPossible } from "./only-possible.js";
import { BROKER, NEXT_LINE, type Request } from "./request.js";

export interface Requests {
  readonly requests: readonly Request[];
  /** Lines of ours that could not be tied to one request. */
  readonly untied: readonly LogEvent[];
}

/**
 * Requests from the web process's lines, in the order of time. Concurrent requests interleave, so lines are tied by ids
 * that both bear; only `Event Data` (which bears no payment) and a failed enqueueing (which bears nothing) go to the one
 * request that can have written them. See docs/decisions/0017-logs-tie-by-ids.md.
 */
export function requestsOf(events: readonly LogEvent[]): Requests {
  const of = (kind: LogEvent["kind"]): LogEvent[] => events.filter((event) => event.kind === kind);
  const unseen = of("unseen");
  const [queueing, data, queued, failed, sent] = [
    of("queueing"),
    of("event-data"),
    of("queued"),
    of("not-queued"),
    of("sent"),
  ];
  const byData = onlyPossible(
    new Map(data.map((line) => [line, before(line, queueing, unseen, NEXT_LINE)])),
    provenPairs(sent, queueing, data),
  );
  const byQueued = onlyPossible(
    new Map(
      queued.map((line) => [
        line,
        before(line, data, [], BROKER).filter((one) => one?.eventId === line.eventId),
      ]),
    ),
    new Map(),
  );
  const reached = new Set(byQueued.values());
  const byFailed = onlyPossible(
    new Map(
      failed.map((line) => [
        line,
        before(line, data, unseen, BROKER).filter((one) => one === null || !reached.has(one)),
      ]),
    ),
    new Map(),
  );
  const made = new Map<LogEvent, Request>();
  const requests: Request[] = [];
  const open = (request: Request, line: LogEvent): Request => {
    requests.push(request);
    made.set(line, request);
    return request;
  };
  const find = (line: LogEvent | undefined): Request | undefined => (line ? made.get(line) : undefined);
  for (const line of queueing) open({ queueing: line }, line);
  for (const line of data) join(find(byData.get(line)) ?? open({}, line), "data", line, made);
  for (const line of queued) join(find(byQueued.get(line)) ?? open({}, line), "queued", line, made);
  const untied: LogEvent[] = [];
  for (const line of failed) {
    const request = find(byFailed.get(line));
    if (request) join(request, "notQueued", line, made);
    else untied.push(line);
  }
  for (const line of of("begins")) open({ begins: line }, line);
  for (const kind of ["misconfigured", "undecryptable"] as const)
    for (const line of of(kind)) open({ misconfigured: line }, line);
  untied.push(...addAnswers(events, requests), ...of("reverted"), ...of("flagged"));
  return { requests, untied };
}

function join(request: Request, part: keyof Request, line: LogEvent, made: Map<LogEvent, Request>): void {
  request[part] = line;
  made.set(line, request);
}

/** `ENVIADO` bears payment and event id: it tells which of several `Event Data` lines was whose. */
function provenPairs(
  sent: readonly LogEvent[],
  queueing: readonly LogEvent[],
  data: readonly LogEvent[],
): Map<LogEvent, LogEvent> {
  const pairs = new Map<LogEvent, LogEvent>();
  for (const line of sent) {
    const own = before(line, queueing, [], BROKER).filter((one) => one?.paymentId === line.paymentId);
    const ids = before(line, data, [], BROKER).filter((one) => one?.eventId === line.eventId);
    const [request, id] = [own[0], ids[0]];
    if (
      own.length === 1 &&
      ids.length === 1 &&
      request &&
      id &&
      id.at >= request.at &&
      id.at <= request.at + NEXT_LINE
    )
      pairs.set(id, request);
  }
  return pairs;
}
