import type { Line, Told } from "./log-lines.js";
import {
  accepted,
  confirmed,
  forbidden,
  received,
  run,
  sending,
  silent,
  stored,
  waitFailed,
} from "./log-lines.js";

const minute = 60_000;

/** What the application's logs tell of a sale, from the moment at which its flag was set until now. */
export type Fate = keyof typeof fates;

const taken = (at: number, told: Told): Line[] => [...sending(at, told), received(at + 140, told)];
const inVain = (at: number, told: Told): Line[] => [...sending(at, told), waitFailed(at + 10_110, told)];
const of = (told: Told, rest: string): string =>
  `Meta Event | Purchase | ${rest.replace("PIXEL", told.pixel)}`;

function refusedRun(at: number, told: Told): Line[] {
  const body = `{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,"error_subcode":2804003}}`;
  const says = `FAILED | ${of(told, `Status: 400 | Pixel: PIXEL | Error: ${body}`)}`;
  return run(at, told, says, "succeeded in 0.31s: None", "ERROR");
}

export const fates = {
  /** Queued, sent, confirmed and stored within a second. */
  well: (at: number, told: Told) => [
    ...taken(at, told),
    ...accepted(at + 400, told),
    confirmed(at + 450, told),
    stored(at + 460, told),
  ],
  /** Confirmed, and the database did not take the id. */
  "not stored": (at: number, told: Told) => [
    ...taken(at, told),
    ...accepted(at + 400, told),
    confirmed(at + 450, told),
  ],
  /** The web process was killed while it waited; the task went on. */
  "web process died": (at: number, told: Told) => [...taken(at, told), ...accepted(at + 400, told)],
  /** The wait of ten seconds ended, and the task was sent half a minute later. */
  "sent late": (at: number, told: Told) => [
    ...inVain(at, told),
    received(at + 29_000, told),
    ...accepted(at + 30_000, told),
  ],
  /** Meta answered 5xx, perhaps after it had stored the event; both copies of the retry were refused. */
  "5xx, then refused": (at: number, told: Told) => {
    const says = `RETRY | ${of(told, "Status: 500 | Attempt: 1/10 | Pixel: PIXEL")}`;
    const ends = "retry: Retry in 2s: Exception('HTTP 500')";
    const again = [4_000, 6_000].flatMap((later) => refusedRun(at + later, told));
    const copies = [received(at + 1_500, told), received(at + 1_501, told)];
    return [
      ...inVain(at, told),
      received(at + 140, told),
      ...run(at + 500, told, says, ends, "WARNING"),
      ...copies,
      ...again,
    ];
  },
  refused: (at: number, told: Told) => [
    ...taken(at, told),
    ...refusedRun(at + 400, told),
    silent(at + 450, told),
  ],
  /** The task found fault with its event, and sent nothing. */
  "not valid": (at: number, told: Told) => {
    const lines = run(
      at + 400,
      told,
      "Event data inválido: user_data vazio",
      "raised unexpected: ValueError('Event data inválido')",
      "ERROR",
    );
    const [first, ...rest] = lines;
    const named = {
      at: at + 401,
      text: `${first?.text.split("] ")[0]}] Event: Purchase | ID: ${told.eventId}`,
    };
    return [
      ...taken(at, told),
      ...(first ? [first] : []),
      named,
      ...rest,
      waitFailed(at + 450, told, "Event data inválido"),
    ];
  },
  /** Queued, and no worker ever had it. */
  "queue lost": inVain,
  /** Meta's rate limit, again and again: each wait is twice as long as the one before. */
  "waits for a retry": (at: number, told: Told, now: number) => {
    const lines = [...inVain(at, told), received(at + 140, told)];
    for (let [attempt, next] = [1, at + 500]; next < now; attempt++) {
      const wait = 60 * 2 ** attempt;
      const says = `RATE_LIMIT | ${of(told, `Attempt: ${attempt}/10 | Pixel: PIXEL`)}`;
      lines.push(...run(next, told, says, `retry: Retry in ${wait}s: Exception('rate limit')`, "WARNING"));
      lines.push(received(next + 20, told));
      next += wait * 1000;
    }
    return lines;
  },
  /** Minutes ago: the task is under way. */
  young: (at: number, told: Told, now: number) =>
    inVain(at, told).filter((line) => line.at < now - minute / 2),
  "tracking off": (at: number, told: Told) =>
    forbidden(at, told, "PROBLEMA RAIZ: Meta tracking DESABILITADO para pool 6 - Purchase não enviado"),
  "no pixel": (at: number, told: Told) =>
    forbidden(at, told, "PROBLEMA RAIZ: Pool 7 (Tricô) SEM pixel_id ou access_token - Purchase não enviado"),
  "corrupt token": (at: number, told: Told) =>
    forbidden(at, told, "Erro ao descriptografar access_token do pool 8: InvalidToken"),
} satisfies Record<string, (at: number, told: Told, now: number) => Line[]>;
