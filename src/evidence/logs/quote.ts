import { redact } from "../../redact.js";

/** Enough for a class of error and its reason; the application itself cuts at 200. */
const LONGEST = 160;

/** Everything longer is an id, a digest or a token, and no word. */
const longWord = /[A-Za-z0-9_+/=.-]{24,}/g;

/**
 * Words of an error, as they may be kept. A task's arguments (the access token, the customer) end up in exception
 * texts as Python's repr, so whatever is quoted or stands in braces or brackets goes, and so do addresses and numbers.
 */
export function quote(text: string): string {
  const outer = unwrapped(text.slice(0, 2_000));
  const words = redact(outer)
    .replace(/\[(Errno -?\d+)\]/g, "$1")
    .replace(/[{[(][^]*$/, (rest) => (/^\(#?\d{1,4}\)/.test(rest) ? rest.replace(/[{[][^]*$/, "…") : "…"))
    .replace(/(["'])(?:(?!\1)[^])*(?:\1|$)/g, "…")
    .replace(/\S+@\S+/g, "…")
    .replace(/https?:\S+/g, "…")
    .replace(longWord, "…")
    .replace(/\d[\d.:-]{5,}/g, "…")
    .replace(/[\p{C}\s]+/gu, " ")
    .replace(/(?:…\s*)+/g, "… ")
    .trim();
  return words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words;
}

/** `ValueError('Event data inválido')` quotes its reason as a whole: `ValueError: Event data inválido`. */
function unwrapped(text: string): string {
  const [, name, , reason] = /^(\w+)\((["'])(.*)\2,?\)?\s*$/s.exec(text) ?? [];
  return name === undefined || reason === undefined ? text : `${name}: ${reason}`;
}

/** What Meta's error body tells, whole or cut: its numbers, and its message as `quote` leaves it. */
export function metaError(body: string): { code?: number; subcode?: number; words: string } {
  const code = /["']code["']:\s*(\d{1,6})\b/.exec(body)?.[1];
  const subcode = /["']error_subcode["']:\s*(\d{1,9})\b/.exec(body)?.[1];
  const message = /["']message["']:\s*(["'])((?:(?!\1)[^\\]|\\.)*)/.exec(body)?.[2];
  const words = message === undefined ? quote(body) : quote(message);
  return {
    ...(code === undefined ? {} : { code: Number(code) }),
    ...(subcode === undefined ? {} : { subcode: Number(subcode) }),
    words,
  };
}
