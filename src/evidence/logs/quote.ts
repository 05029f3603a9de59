import { redact } from "../../redact.js";
import { reasonOf } from "./reason.js";

/** Enough for a class of error and its reason; the application itself cuts at 200. */
const LONGEST = 160;

/** Everything longer is an id, a digest or a token, and no word. */
const longWord = /[A-Za-z0-9_+/=.-]{24,}/g;

/**
 * Words that Meta or the application chose, as they may be kept: whatever is quoted or stands in brackets may be
 * somebody's data and goes, and so do addresses, numbers and long words.
 */
export function quote(text: string): string {
  const words = redact(text.slice(0, 2_000))
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

/** What Meta's error body tells, whole or cut: its numbers, and its message as `quote` leaves it. */
export function metaError(body: string): { code?: number; subcode?: number; words: string } {
  const code = /["']code["']:\s*(\d{1,6})\b/.exec(body)?.[1];
  const subcode = /["']error_subcode["']:\s*(\d{1,9})\b/.exec(body)?.[1];
  const message = /["']message["']:\s*(["'])((?:(?!\1)[^\\]|\\.)*)/.exec(body)?.[2];
  const words = message === undefined ? reasonOf(body) : quote(message);
  return {
    ...(code === undefined ? {} : { code: Number(code) }),
    ...(subcode === undefined ? {} : { subcode: Number(subcode) }),
    words,
  };
}
