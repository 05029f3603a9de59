/*
 * The forms that Meta hashes (Conversions API, "Customer information parameters"). Each function takes raw text
 * and gives the normalised one, or an empty string where the field has to be left out.
 */

const atom = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const address = new RegExp(`^${atom}(?:\\.${atom})*@(?:${label}\\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)$`);

/**
 * Domains that receive no mail: the bots' own inventions (`7001@telegram.user`), and top-level names that
 * RFC 2606 and RFC 6762 reserve. Their digest belongs to nobody, or to all customers at once.
 */
const synthetic = /@(?:.*\.)?(?:telegram\.[a-z]+|t\.me|user|telegram|local|localhost|invalid|test|example)$/;

const receivesMail = (text: string): boolean => address.test(text) && !synthetic.test(text);

export function email(raw: string): string {
  // Most addresses are their own normalised form: a third of the time.
  if (receivesMail(raw)) return raw;
  const text = raw.normalize("NFC").trim().toLowerCase();
  return receivesMail(text) ? text : "";
}

/** Words that begin with a letter, of letters that Latin-1 has (composed, then) and digits, with one space between. */
const plainWords = /^[A-Za-zÀ-ÖØ-öø-ÿ][\dA-Za-zÀ-ÖØ-öø-ÿ]*(?: [A-Za-zÀ-ÖØ-öø-ÿ][\dA-Za-zÀ-ÖØ-öø-ÿ]*)*$/;

/**
 * A first or last name: letters, accents and digits. Emoji go with the punctuation: Telegram names are full of
 * them, and names at Meta have none. Spaces go too (`dasilva`), as in Meta's own parameter builder.
 */
export function name(raw: string): string {
  // Of plain words only the spaces have to go: most names, for a tenth of the patterns' time.
  if (plainWords.test(raw)) return raw.toLowerCase().replaceAll(" ", "");
  // Composed last: a dash taken out may leave letter and accent side by side.
  const text = raw
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]|[\u{FE00}-\u{FE0F}\u{20E3}]/gu, "")
    .normalize("NFC");
  return /\p{L}/u.test(text) ? text : "";
}

/**
 * First and last name of a full one: the first word, and all the others. That is how shops and sign-up forms of
 * the field split a Brazilian name; a double first name cannot be told from a surname.
 */
export function splitName(raw: string): { first: string; last: string } {
  if (plainWords.test(raw)) {
    const end = raw.indexOf(" ");
    return end < 0 ? { first: raw, last: "" } : { first: raw.slice(0, end), last: raw.slice(end + 1) };
  }
  const [first = "", ...rest] = raw.split(/\s+/u).filter((word) => name(word) !== "");
  return { first, last: rest.join(" ") };
}

/** A city in both spellings in use: as Meta's page has it, and without its accented letters, as Meta's builder does. */
export function cities(raw: string): string[] {
  const kept = name(raw);
  return [...new Set([kept, kept.replaceAll(/[^a-z0-9]/g, "")])].filter((text) => /\p{L}/u.test(text));
}

/** A postal code. The shop has no such column yet; a CEP is hashed with all eight digits. */
export function postcode(raw: string): string {
  return raw
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/[\s\p{Pd}]/gu, "");
}

const genders: Readonly<Record<string, string>> = {
  f: "f",
  female: "f",
  feminino: "f",
  mulher: "f",
  m: "m",
  male: "m",
  masculino: "m",
  homem: "m",
};

export function gender(raw: string): string {
  const text = raw.trim().toLowerCase();
  return Object.hasOwn(genders, text) ? (genders[text] ?? "") : "";
}
