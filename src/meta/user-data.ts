import { hash } from "node:crypto";
import { isIP } from "node:net";
import type { Customer } from "../sales/customer.js";
import { countryCode, phoneNumber, stateCode } from "./brazil.js";
import { cities, email, gender, name, splitName } from "./normalise.js";
import { present } from "./present.js";

/** `user_data` of an event: digests as lists, the rest as Meta wants it unhashed. Personal: never printed. */
export interface UserData {
  readonly em?: readonly string[];
  readonly ph?: readonly string[];
  readonly fn?: readonly string[];
  readonly ln?: readonly string[];
  readonly ge?: readonly string[];
  readonly ct?: readonly string[];
  readonly st?: readonly string[];
  readonly zp?: readonly string[];
  readonly country?: readonly string[];
  readonly external_id?: readonly string[];
  readonly client_ip_address?: string;
  readonly client_user_agent?: string;
  readonly fbp?: string;
  readonly fbc?: string;
}

type Raw = string | null | undefined;

/** SHA-256 of the normalised forms, without doubles. A digest is passed through; nothing is made of an empty text. */
export function digests(raw: Raw, normalise: (raw: string) => string | readonly string[]): string[] {
  const given = raw?.trim() ?? "";
  // Half of the fields are empty, and nearly all others have one form: lists for them cost as much as the digests.
  if (given === "") return [];
  if (given.length === 64 && /^[\da-f]+$/i.test(given)) return [given.toLowerCase()];
  const forms = normalise(given);
  if (typeof forms === "string") return forms === "" ? [] : [hash("sha256", forms)];
  return [...new Set(forms)].filter((form) => form !== "").map((form) => hash("sha256", form));
}

/** The first text that has the form wanted; undefined where none has. */
function first(wanted: (text: string) => boolean, ...candidates: Raw[]): string | undefined {
  for (const raw of candidates) {
    const text = raw?.trim() ?? "";
    if (text !== "" && wanted(text)) return text;
  }
  return undefined;
}

const anything = (): boolean => true;

/** The optional last part is what Meta's parameter builder appends. A malformed fbc rejects the event (2804001). */
const isFbp = (text: string): boolean => /^fb\.\d+\.\d+\.\d+(?:\.(?:[\w-]{2}|[\w-]{8}))?$/.test(text);
const isFbc = (text: string): boolean => /^fb\.\d+\.\d+\.[\w-]+(?:\.(?:[\w-]{2}|[\w-]{8}))?$/.test(text);

/** The click id in the application's form: one that is longer than 80 characters by its MD5. Its case matters. */
function clickId(raw: string): string {
  return raw.length > 80 ? hash("md5", raw) : raw;
}

/** Where the application made up an `fbc`, neither that one nor a copy of it is sent. */
function clickCookie({ tracking, payment, botUser }: Customer): string | undefined {
  const madeUp = tracking?.fbcOrigin === "synthetic" ? tracking.fbc?.trim() : undefined;
  return first((text) => text !== madeUp && isFbc(text), tracking?.fbc, payment.fbc, botUser?.fbc);
}

/**
 * The click id first, then the Telegram user id, as the application hashes them. The id goes without the prefix
 * `user_`: that is no part of Telegram's id, and bot_users bears the bare one.
 */
function externalIds(customer: Customer): string[] {
  const [click, telegram] = [digests(clickOf(customer), clickId), digests(telegramOf(customer), (id) => id)];
  return click.length === 0 ? telegram : [...new Set([...click, ...telegram])];
}

function clickOf({ tracking, payment, botUser }: Customer): Raw {
  return first(anything, tracking?.fbclid, payment.fbclid, botUser?.fbclid, botUser?.externalId);
}

function telegramOf({ payment, botUser }: Customer): Raw {
  return first(anything, payment.customerUserId?.trim().replace(/^user_/, ""), botUser?.telegramUserId);
}

/** Whether enough is known of a customer. Most bear an id, which is enough by itself: then nothing else is hashed to learn it. */
export function isKnownEnough(customer: Customer): boolean {
  if (telegramOf(customer) !== undefined || clickOf(customer) !== undefined) return true;
  return enoughCustomerData(buildUserData(customer));
}

/**
 * Everything that Meta may match the customer by. Nothing is invented: no country without a column that names it.
 * Order of the sources as in the application: tracking data, payment, bot_users.
 */
export function buildUserData(customer: Customer): UserData {
  const { payment, botUser, tracking } = customer;
  const names = splitName(payment.customerName ?? "");
  return present({
    em: digests(payment.customerEmail, email),
    ph: digests(payment.customerPhone, phoneNumber),
    fn: digests(names.first, name),
    ln: digests(names.last, name),
    ge: digests(first(anything, payment.customerGender, botUser?.customerGender), gender),
    ct: digests(first(anything, payment.customerCity, botUser?.customerCity), cities),
    st: digests(first(anything, payment.customerState, botUser?.customerState), stateCode),
    country: digests(first(anything, payment.customerCountry, botUser?.customerCountry), countryCode),
    external_id: externalIds(customer),
    client_ip_address: first((text) => isIP(text) !== 0, tracking?.clientIp, botUser?.ipAddress),
    client_user_agent: first(anything, tracking?.clientUserAgent, botUser?.userAgent),
    fbp: first(isFbp, tracking?.fbp, payment.fbp, botUser?.fbp),
    fbc: clickCookie(customer),
  });
}

/** What Meta refuses as too little (100 / 2804050): nothing beyond one of these sets. */
const tooLittle: readonly (readonly string[])[] = [
  ["ct", "country", "st", "zp", "ge", "client_user_agent"],
  ["db", "client_user_agent"],
  ["fn", "ge"],
  ["ln", "ge"],
];

/** Whether Meta will take an event with this customer data. */
export function enoughCustomerData(userData: UserData): boolean {
  const present = Object.keys(userData);
  return !tooLittle.some((set) => present.every((field) => set.includes(field)));
}
