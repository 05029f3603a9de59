import type { Answers } from "./answers.js";
import { envelope, type Method } from "./envelope.js";
import { record, text } from "./json.js";
import { SEPARATOR } from "./lists.js";
import { buffers, counted, type Place } from "./place.js";

/** What came back from the workers. */
export interface Polled {
  /** How many workers listened to the question, by method. */
  readonly receivers: number;
  /** How many answered a ping; two of one node name count twice, and answer as one. */
  readonly replies: number;
  readonly answers: Answers;
  /** Methods that every listening worker answered. */
  readonly complete: ReadonlySet<Method>;
}

/** More than this is not read: answers hold the arguments of tasks, and only counts are wanted. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REPLIES = 2_000;
/** Answers come within 0.4 to 5 ms (measured); a worker that is slower costs a look every 25 ms. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 25;
/** A worker that looked our mailbox up just before it went may still fill it. */
const LATE_MS = 50;
/** Ctrl-C waits no longer than that for a Redis that hangs. */
const TIDY_MS = 1_000;

/**
 * Asks all workers at once and stops when as many answered as listened. Whatever happens, Ctrl-C included, the mailbox
 * is taken down again: its keys have no expiry, and what lies in it holds access tokens.
 */
export async function ask(place: Place, questions: readonly Method[], timeoutMs: number): Promise<Polled> {
  const { redis, keyPrefix, database, uuid, now } = place;
  const mailbox = uuid();
  const queue = `${mailbox}.reply.celery.pidbox`;
  const [bindings, inbox] = [`${keyPrefix}_kombu.binding.reply.celery.pidbox`, `${keyPrefix}${queue}`];
  const binding = `${mailbox}${SEPARATOR}${SEPARATOR}${queue}`;
  const tickets = new Map<string, Method>();
  let incomplete = true;
  try {
    await redis.send(["SADD", bindings, binding]);
    const expiresAt = (now() + timeoutMs) / 1000;
    const heard = await Promise.all(
      questions.map((method) => {
        const ticket = uuid();
        tickets.set(ticket, method);
        const message = envelope({ method, mailbox, ticket, tag: uuid(), expiresAt });
        return counted(redis.send(["PUBLISH", `${keyPrefix}/${database}.celery.pidbox`, message]));
      }),
    );
    const expected = new Map(questions.map((method, at) => [method, heard[at] ?? 0]));
    const replies = await collect(place, inbox, { tickets, expected, timeoutMs });
    const polled = sorted(replies, expected);
    incomplete = polled.complete.size < questions.length;
    return polled;
  } finally {
    await takeDown(place, { bindings, binding, inbox }, incomplete);
  }
}

async function takeDown(
  { redis, sleep }: Place,
  { bindings, binding, inbox }: { bindings: string; binding: string; inbox: string },
  incomplete: boolean,
): Promise<void> {
  // Where Redis is gone there is nothing to say beyond the error that is under way.
  const send = (...words: string[]) => redis.send(words, { timeoutMs: TIDY_MS }).catch(() => undefined);
  await Promise.all([send("SREM", bindings, binding), send("DEL", inbox)]);
  if (!incomplete) return;
  await sleep(LATE_MS);
  await send("DEL", inbox);
}

interface Reply {
  readonly method: Method;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Reads the mailbox without blocking the connection, which must be free to tidy up. Workers push at the left. */
async function collect(
  { redis, sleep, now, signal }: Place,
  inbox: string,
  asked: { tickets: Map<string, Method>; expected: Map<Method, number>; timeoutMs: number },
): Promise<Reply[]> {
  const due = Math.min(
    MAX_REPLIES,
    [...asked.expected.values()].reduce((a, b) => a + b, 0),
  );
  const until = now() + asked.timeoutMs;
  const replies: Reply[] = [];
  let [seen, bytes, pause] = [0, 0, FIRST_PAUSE_MS];
  while (replies.length < due && seen < MAX_REPLIES && bytes < MAX_BYTES) {
    signal?.throwIfAborted();
    // One at a time, since one may be as large as all the tasks that a worker holds.
    const next = `${-(seen + 1)}`;
    const [raw] = buffers(await redis.send(["LRANGE", inbox, next, next], { buffers: true }));
    if (raw !== undefined) {
      seen += 1;
      bytes += raw.length;
      const reply = readReply(raw, asked.tickets);
      if (reply !== null) replies.push(reply);
      continue;
    }
    if (now() >= until) break;
    await sleep(Math.min(pause, Math.max(1, until - now())), signal);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
  return replies;
}

/** An answer to one of our questions; whatever else lies there is none. */
function readReply(raw: Buffer, tickets: ReadonlyMap<string, Method>): Reply | null {
  try {
    const message = record(JSON.parse(raw.toString("utf8")));
    const method = tickets.get(text(record(message?.["headers"])?.["ticket"]) ?? "");
    const body = Buffer.from(text(message?.["body"]) ?? "", "base64").toString("utf8");
    const answer = record(JSON.parse(body));
    return method === undefined || answer === null ? null : { method, answer };
  } catch {
    return null;
  }
}

function sorted(replies: readonly Reply[], expected: ReadonlyMap<Method, number>): Polled {
  const count = (method: Method) => replies.filter((reply) => reply.method === method).length;
  const answers: Record<string, Record<string, unknown>> = {};
  for (const { method, answer } of replies) answers[method] = { ...answers[method], ...answer };
  return {
    // Workers may come and go between two questions: the fewest are those that heard all.
    receivers: Math.min(...expected.values()),
    replies: count("ping"),
    answers,
    complete: new Set(
      [...expected].filter(([method, due]) => count(method) >= due).map(([method]) => method),
    ),
  };
}
