import type { LoggedFact } from "../../sales/logged.js";
import type { LogEvent } from "./event.js";

const texts: Readonly<Record<LogEvent["kind"], string>> = {
  flagged: "the flag is set",
  begins: "the delivery page begins to send",
  "will-use": "it will use the page's event id",
  queueing: "about to queue the Purchase",
  "event-data": "the Purchase is built",
  queued: "queued",
  sent: "Meta received it",
  stored: "the event id is stored",
  "returned-nothing": "the task returned nothing that confirms it",
  "wait-failed": "the wait for the task ended without a result",
  reverted: "the flag is given back",
  "not-queued": "it could not be queued",
  misconfigured: "nothing is sent: the configuration does not allow it",
  undecryptable: "nothing is sent",
  received: "a worker received the task",
  succeeded: "the task ended",
  retrying: "the task will be tried again",
  raised: "the task failed",
  "time-limit": "the task was ended by its time limit",
  accepted: "Meta received it",
  "server-error": "Meta answered with an error",
  "rate-limited": "Meta put it off (rate limit)",
  "timed-out": "Meta did not answer in time",
  refused: "Meta refused it",
  exception: "an error while sending",
  "token-invalid": "Meta refused the access token",
  "invalid-event": "the event data was not valid",
  "other-event": "another event",
  "process-gone": "a worker process ended",
  "worker-started": "a worker started",
  unseen: "lines that could not be read",
};

/** A line in our own words: ids, numbers and the cleaned reason, whatever else stands on it. */
export function factOf(event: LogEvent): LoggedFact {
  const { at, log, file, line, kind } = event;
  return {
    at,
    source: log === "application" ? "application log" : "worker log",
    file,
    line,
    text: [texts[kind], ...details(event)].join(", "),
  };
}

function details(event: LogEvent): string[] {
  const { paymentId, saleId, eventId, cut, taskId, pixelId, status, code, subcode, received, words } = event;
  const told: [string, string | number | undefined][] = [
    ["payment", paymentId],
    ["sale", saleId],
    ["event id", eventId === undefined ? undefined : `${eventId}${cut === true ? "…" : ""}`],
    ["task", taskId],
    ["pixel", pixelId === undefined ? undefined : `…${pixelId.slice(-4)}`],
    ["status", status],
    ["code", code === undefined ? undefined : `${code}${subcode === undefined ? "" : `/${subcode}`}`],
    ["events received", received],
  ];
  const named = told.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return words === undefined || words === "" ? named : [...named, `reason: ${words}`];
}
