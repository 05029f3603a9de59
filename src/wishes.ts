import type { AttestOptions } from "./acting/attest.js";
import type { CarryOptions } from "./acting/carry.js";
import type { PerformOptions } from "./acting/perform.js";
import type { Selection } from "./acting/survey.js";
import { KnownError } from "./errors.js";
import type { Options } from "./options.js";
import { redact } from "./redact.js";

/** What the operator decided, for a command that acts. */
export function performOptions(options: Options, selection: Selection, onTerminal: boolean): PerformOptions {
  return {
    selection,
    wishes: {
      named: selection.by === "name",
      acceptDuplicate: options.acceptDuplicate !== undefined,
      duplicateLimit: typeof options.acceptDuplicate === "string" ? options.acceptDuplicate : null,
      withoutProof: options.withoutProof ?? false,
      evenAccepted: options.evenAccepted ?? false,
      ignoreWorkers: options.ignoreWorkers ?? false,
      revertRefused: options.revertRefused ?? false,
      limit: options.limit ?? null,
    },
    ...carryOptions(options, onTerminal),
  };
}

/** How far, and how patiently, a command that acts goes. */
export function carryOptions(options: Options, onTerminal: boolean): CarryOptions {
  return {
    yes: options.yes ?? false,
    dryRun: options.dryRun ?? false,
    exitCode: options.exitCode ?? false,
    waitMs: options.wait ?? (onTerminal ? 30_000 : 0),
    maxRuntimeMs: options.maxRuntime ?? 30 * 60_000,
  };
}

/** What `attest` is asked to do. */
export type Asked =
  | { readonly do: "list" }
  | { readonly do: "withdraw"; readonly id: number; readonly reason: string; readonly waitMs: number }
  | ({ readonly do: "attest" } & AttestOptions);

/** @throws KnownError where words are missing, or two things are asked at once */
export function attestOptions(options: Options, timeZone: string, waitMs: number): Asked {
  const { from, to, pixel: pixelId = null, reason, list, withdraw, yes = false, dryRun = false } = options;
  const spans = from !== undefined || to !== undefined || pixelId !== null;
  if ((list === true || withdraw !== undefined) && (spans || (list === true && withdraw !== undefined))) {
    throw new KnownError({
      what: "--list, --withdraw and a span are three commands",
      next: "give one of them: purchase-fix help attest",
    });
  }
  if (list === true) return { do: "list" };
  if (reason === undefined) {
    throw new KnownError({
      what: withdraw === undefined ? "A word needs its --reason" : "--withdraw needs a --reason",
      why: "whoever judges by it later must know how you knew",
      next: 'add --reason "the token was invalid"',
    });
  }
  const words = checkedReason(reason);
  if (typeof withdraw === "number") return { do: "withdraw", id: withdraw, reason: words, waitMs };
  if (from === undefined || to === undefined) {
    throw new KnownError({
      what: "attest needs --from and --to",
      next: "give the span in which nothing can have been sent, such as --from 2026-11-20T14:00 --to 2026-11-21T18:00",
    });
  }
  return {
    do: "attest",
    from: from(timeZone),
    to: to(timeZone),
    pixelId: checkedPixel(pixelId),
    reason: words,
    yes,
    dryRun,
    waitMs,
  };
}

/** The operator's own proof, of `confirm`; null where none was given. @throws KnownError where half of it was */
export function wordOf({ eventId, reason }: Options): { eventId: string; reason: string } | null {
  if (eventId === undefined && reason === undefined) return null;
  if (eventId !== undefined && reason !== undefined)
    return { eventId: checkedId(eventId), reason: checkedReason(reason) };
  throw new KnownError({
    what: eventId === undefined ? "--reason goes with --event-id" : "--event-id needs a --reason",
    why: "together they are your word that Meta has the sale",
    next: 'give both: --event-id pageview_3f --reason "seen in the Events Manager"',
  });
}

/** What no text in PostgreSQL can hold, and what would break a line in two. */
const UNSTORABLE = /\p{Cc}|\p{Surrogate}/u;

/** Words for those who come after. What looks like a secret is taken out before it can be kept anywhere. */
export function checkedReason(text: string): string {
  const words = redact(text.replaceAll(/\s+/g, " ").trim());
  if (words !== "" && words.length <= 300 && !UNSTORABLE.test(words)) return words;
  throw new KnownError({
    what:
      words === ""
        ? "The --reason is empty"
        : "The --reason is longer than 300 characters, or not plain text",
    next: "say in a sentence how you know",
  });
}

function checkedId(text: string): string {
  if (/^[\x21-\x7e]{1,256}$/.test(text) && redact(text) === text) return text;
  throw new KnownError({
    what: "The --event-id is none",
    why: "an event id has 1 to 256 characters without blanks",
    next: "give it as Meta has it, such as pageview_3f or purchase_9445",
  });
}

function checkedPixel(text: string | null): string | null {
  if (text === null || /^\d{1,20}$/.test(text)) return text;
  throw new KnownError({ what: "The --pixel is no pixel id", next: "give its digits" });
}
