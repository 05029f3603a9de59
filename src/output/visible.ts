import { redact } from "../redact.js";

/**
 * What a terminal obeys instead of showing, or shows as nothing: control characters, bidirectional overrides, other
 * invisible characters, line separators, halves of surrogate pairs. The joiner and the selector inside an emoji stay.
 */
const unsafe = new RegExp(
  [
    String.raw`(?!(?<=\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?)\u200D(?=\p{Extended_Pictographic}))`,
    String.raw`(?!(?<=\p{Emoji})[\uFE0E\uFE0F])`,
    String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`,
  ].join(""),
  "gu",
);

/** Mostly a text is of these characters alone, of which none is unsafe: asked first, a long list is written in half the time. */
const plain = /^[ -~]*$/;

/** Longer foreign texts are cut for people: more than a screenful of one cell helps nobody. */
export const LONGEST = 2_000;

/** Foreign text as one harmless line for a person. Composed accents, because widths are counted by code point. */
export function visible(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const oneLine = short.normalize("NFC").replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, "⏎");
  return oneLine.replace(unsafe, picture);
}

/** The same for text of several lines that is ours to lay out, such as SQL or a stack: line ends and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(unsafe, (character) =>
    character === "\n" || character === "\t" ? character : picture(character),
  );
}

/** What every line for people goes through; secrets first, as a cut or changed one would no longer be found. */
export function safeLine(text: string): string {
  return visible(redact(text));
}

/** The same for several lines. */
export function safeLines(text: string): string {
  return visibleLines(redact(text));
}

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code >= 0xd800 && code <= 0xdfff) return "\uFFFD";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

const short: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A TSV cell: nothing is lost, since the backslash is escaped too, and `cut -f` and terminals are both safe. */
export function escapeCell(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\");
  if (plain.test(escaped)) return escaped;
  return escaped.replace(unsafe, (character) => short[character] ?? unicodeEscape(character));
}

/** The same of JSON that is laid out on several lines. */
const plainLines = /^[\n -~]*$/;

/** Serialised JSON with the same characters as `\uXXXX`: the same data to a parser. Only the layout's line ends stay. */
export function escapeJson(json: string): string {
  if (plainLines.test(json)) return json;
  return json.replace(unsafe, (character) => (character === "\n" ? character : unicodeEscape(character)));
}

function unicodeEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
