import { inspect } from "node:util";

const PLACEHOLDER = "[secret]";

/**
 * A value that must never be printed. Whoever prints, serialises or inspects it gets a placeholder;
 * only `reveal()` gives it away, and a search for that word finds every place that does.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    remember(value);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [inspect.custom](): string {
    return PLACEHOLDER;
  }
}

/** Shorter ones would blank out ordinary words; inside a URL they are still found by its shape. */
const SHORTEST = 6;

interface Known {
  readonly secret: string;
  /** Its runs of letters and digits: no encoding changes one, so whatever the pattern finds holds all of them. */
  readonly cores: readonly string[];
  readonly pattern: RegExp;
}

/** The longest first, so that a secret inside another leaves no tail behind. */
const known: Known[] = [];

/** Registers a secret, so that `redact()` finds it wherever a library put it; of a URL its password too. */
export function remember(value: string): void {
  for (const secret of [value, passwordOf(value)]) {
    if (secret.length < SHORTEST || known.some((one) => one.secret === secret)) continue;
    const cores = (secret.match(/[A-Za-z0-9]+/g) ?? []).toSorted((a, b) => b.length - a.length);
    known.push({ secret, cores, pattern: patternOf(secret) });
  }
  known.sort((a, b) => b.secret.length - a.secret.length);
}

/** Drivers quote a password without its URL, and decoded. */
function passwordOf(value: string): string {
  try {
    return value.includes("://") ? decodeURIComponent(new URL(value).password) : "";
  } catch {
    return "";
  }
}

/**
 * A secret as it stands, and with any of its characters escaped as URLs, forms, JSON or `inspect` do. JSON in JSON in
 * JSON puts seven backslashes before a quote; a bound, since without one a text of backslashes is read for ever.
 */
function patternOf(secret: string): RegExp {
  const source = secret.replace(/\\+|[^A-Za-z0-9]/gsu, (part) =>
    part.startsWith("\\")
      ? `(?:\\\\{${part.length},${part.length * 8}}|${percent(part)})`
      : `(?:${escapesOf(part).join("|")})`,
  );
  return new RegExp(source, "gu");
}

function escapesOf(character: string): string[] {
  const unicode = Array.from({ length: character.length }, (_, at) => hex(character.charCodeAt(at), 4));
  const forms = [`\\\\{0,7}\\u{${hex(character.codePointAt(0) ?? 0)}}`, percent(character)];
  const [, letter] = /^"\\([bfnrt])"$/.exec(JSON.stringify(character)) ?? [];
  if (letter !== undefined) forms.push(`\\\\{1,7}${letter}`);
  forms.push(
    `\\\\{1,7}u${unicode.map(anyCase).join("\\\\{1,7}u")}`,
    `\\\\{1,7}x${anyCase(hex(character.charCodeAt(0), 2))}`,
  );
  return character === " " ? [...forms, "\\+"] : forms;
}

/** A lone half of a surrogate pair has no bytes of its own; text encoders write U+FFFD in its place. */
function percent(text: string): string {
  return [...Buffer.from(text, "utf8")].map((byte) => `%${anyCase(hex(byte, 2))}`).join("");
}

function hex(code: number, digits = 1): string {
  return code.toString(16).padStart(digits, "0");
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/**
 * Shapes of secrets that we never held ourselves: tokens inside error texts, parameters of requests.
 * Each starts at a fixed word, so that a hostile text of megabytes costs no more than its length.
 */
const shapes: readonly [RegExp, string][] = [
  [/(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))EAA[A-Za-z0-9_-]{8,}/g, "[token]"],
  [/(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))gAAAAA[A-Za-z0-9_=-]{40,}/g, "[encrypted]"],
  [/(access_token["'\\]*\s*(?:[=:]|%3D)\s*["'\\]*)[^\s&"',}\\]+/gi, "$1[token]"],
  [/(\bBearer\s+)[A-Za-z0-9._~+/=%|-]{8,}/gi, "$1[token]"],
  [/(\bauthorization["'\\]*\s*:\s*["'\\]*\w+\s+)[^\s"',\\]+/gi, `$1${PLACEHOLDER}`],
  [/(\b(?:pg)?password=["']?)[^\s&"',;]+/gi, `$1${PLACEHOLDER}`],
];

/** One of these words is in whatever a shape finds: six patterns for each of 3,600 cells took 5 ms. */
const shapely = /EAA|gAAAAA|access_token|bearer|authorization|password/i;

/** All, since the longest run of a token may be its pixel's id, which is in every line: that took 9 of a line's 12 µs. */
const mayHold = (text: string, { cores }: Known) => cores.every((core) => text.includes(core));

/** Whether `redact` could find anything: one look at a line spares one at each text. Of `://` half: JSON is full of colons. */
export function mayHoldSecret(text: string): boolean {
  return text.includes("//") || shapely.test(text) || known.some((one) => mayHold(text, one));
}

/** Takes every secret out of a text that is about to leave the process. */
export function redact(text: string): string {
  if (!mayHoldSecret(text)) return text;
  const held = known.filter((one) => mayHold(text, one));
  let clean = held.reduce((rest, { pattern }) => rest.replace(pattern, PLACEHOLDER), text);
  for (const [shape, placeholder] of shapes) clean = clean.replace(shape, placeholder);
  return clean.includes("://") ? withoutUrlPasswords(clean) : clean;
}

/** By hand, since a password may itself hold `:`, `/` or `@`, and a pattern for that runs for ever on a hostile text. */
function withoutUrlPasswords(text: string): string {
  const parts = text.split("://");
  return parts.map((part, at) => (at === 0 ? part : withoutPassword(part))).join("://");
}

function withoutPassword(fromAuthority: string): string {
  const end = fromAuthority.search(/[\s"<>`]/);
  const word = end < 0 ? fromAuthority : fromAuthority.slice(0, end);
  const at = word.lastIndexOf("@");
  const colon = word.indexOf(":");
  if (at < 0 || colon < 0 || colon > at || word.slice(0, colon).includes("/")) return fromAuthority;
  return `${word.slice(0, colon)}:${PLACEHOLDER}${fromAuthority.slice(at)}`;
}
