import type { Said, WorkerKind } from "./event.js";
import { SEND_TASK } from "./event.js";
import { idOf } from "./id.js";
import { metaError } from "./quote.js";
import { reasonOf } from "./reason.js";

/* What a worker says: Celery's own lines bear the task id, the task's own lines the event's name and its pixel. */

const own = new RegExp(`^Task (?:[\\w.]+\\.)?${SEND_TASK}\\[([0-9a-fA-F-]{36})\\] (\\w+)(.*)$`, "s");
const limit = new RegExp(
  `time limit \\(.*\\) exceeded for (?:[\\w.]+\\.)?${SEND_TASK}\\[([0-9a-fA-F-]{36})\\]`,
);
const outcome =
  /^(SUCCESS|RETRY|RATE_LIMIT|TIMEOUT|FAILED|EXCEPTION) \| (?:Meta Event \| )?([^|]*?)(?: \| (.*))?$/s;

const outcomes: Readonly<Record<string, WorkerKind>> = {
  SUCCESS: "accepted",
  RETRY: "server-error",
  RATE_LIMIT: "rate-limited",
  TIMEOUT: "timed-out",
  FAILED: "refused",
  EXCEPTION: "exception",
};

/** Null: it means nothing to us. `"unreadable"`: it is one of ours, but its ids are broken. */
export function readWorker(message: string): Said | "unreadable" | null {
  const bare = message.replace(/^[^!-~]+/, "");
  return (
    readOwn(bare) ?? readOutcome(bare) ?? readInvalid(bare) ?? readAlert(bare) ?? readProcess(bare) ?? null
  );
}

function readOwn(message: string): Said | null {
  const taskId = limit.exec(message)?.[1];
  if (taskId !== undefined && message.startsWith("Hard")) return { kind: "time-limit", taskId };
  const [, id, verb, rest = ""] = own.exec(message) ?? [];
  if (id === undefined || verb === undefined) return null;
  if (verb === "received") return { kind: "received", taskId: id };
  if (verb === "retry") return { kind: "retrying", taskId: id, words: reasonOf(rest) };
  if (verb === "raised") {
    return { kind: "raised", taskId: id, words: reasonOf(rest) };
  }
  if (verb !== "succeeded") return null;
  const received = /["']events_received["']: (\d{1,6})\b/.exec(rest)?.[1];
  return { kind: "succeeded", taskId: id, ...(received === undefined ? {} : { received: Number(received) }) };
}

function readOutcome(message: string): Said | "unreadable" | null {
  const [, word = "", name, rest = ""] = outcome.exec(message) ?? [];
  const kind = outcomes[word];
  if (kind === undefined) return null;
  if (name !== "Purchase") return { kind: "other-event" };
  const [fields = "", error] = rest.split(/(?:^|\| )Error: (.*)$/s);
  const pixelId = /Pixel: (\d{5,25})\b/.exec(fields)?.[1];
  const status = /Status: (\d{3})\b/.exec(fields)?.[1];
  const said = {
    kind,
    ...(pixelId === undefined ? {} : { pixelId }),
    ...(status === undefined ? {} : { status: Number(status) }),
    ...(error === undefined ? {} : kind === "refused" ? metaError(error) : { words: reasonOf(error) }),
  };
  if (kind !== "accepted") return said;
  const eventId = idOf(/(?:^|\| )ID: ([!-~]+) \|/.exec(rest)?.[1] ?? "");
  const received = /EventsReceived: (\d{1,6})\b/.exec(rest)?.[1];
  if (eventId === "" || received === undefined) return "unreadable";
  return { ...said, eventId, received: Number(received) };
}

/** `Event data inválido: …` names no event; the line after it does. */
function readInvalid(message: string): Said | "unreadable" | null {
  if (/^Event data inv.{1,3}lido/.test(message)) return { kind: "invalid-event" };
  const [, name, eventId] = /^Event: ([^|]*?) \| ID: ([!-~]+)\s*$/.exec(message) ?? [];
  if (eventId === undefined) return null;
  if (name === "Purchase" && idOf(eventId) === "") return "unreadable";
  return name === "Purchase" ? { kind: "invalid-event", eventId } : { kind: "other-event" };
}

function readAlert(message: string): Said | null {
  const pixelId = /^ALERT \| Token Invalid \| Pixel: (\d{5,25})\b/.exec(message)?.[1];
  return pixelId === undefined ? null : { kind: "token-invalid", pixelId };
}

function readProcess(message: string): Said | null {
  const node = /^(\S+@\S+) ready\.\s*$/.exec(message)?.[1];
  if (node !== undefined) return { kind: "worker-started", node };
  const gone = /^Process ['"]?(\w+-\d+)['"]? pid:\d+ exited with/.exec(message)?.[1];
  return gone === undefined ? null : { kind: "process-gone", node: gone };
}
