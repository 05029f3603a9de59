import { hash } from "node:crypto";
import { isIP } from "node:net";
import type { Customer } from "../sales/customer.js";
import { countryCode, phoneNumber, stateCode } from "./brazil.js";
import { digests, remembering, type Raw } from "./digests.js";
import { cities, email, gender, name, splitName } from "./normalise.js";

/** `user_data` of an event: digests as lists, the rest as Meta wants it unhashed. Personal: never printed. */
export interface UserData {
  readonly em: readonly string[];
  readonly ph: readonly string[];
  readonly fn: readonly string[];
  readonly ln: readonly string[];
  readonly ge: readonly string[];
  readonly ct: readonly string[];
  readonly st: readonly string[];
  readonly country: readonly string[];
  readonly external_id: readonly string[];
  readonly client_ip_address: string | undefined;
  readonly client_user_agent: string | undefined;
  readonly fbp: string | undefined;
  readonly fbc: string | undefined;
}

const ofFirstName = remembering(name);
const ofGender = remembering(gender);
const ofCity = remembering(cities);
const ofState = remembering(stateCode);
const ofCountry = remembering(countryCode);

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
function externalIds(customer: Customer): readonly string[] {
  const click = digests(clickOf(customer), clickId);
  const telegram = digests(telegramOf(customer), asItIs);
  return click.length === 0 ? telegram : [...new Set([...click, ...telegram])];
}

const isAddress = (text: string): boolean => isIP(text) !== 0;
const asItIs = (id: string): string => id;

function clickOf({ tracking, payment, botUser }: Customer): Raw {
  return first(anything, tracking?.fbclid, payment.fbclid, botUser?.fbclid, botUser?.externalId);
}

function telegramOf({ payment, botUser }: Customer): Raw {
  return first(anything, bare(payment.customerUserId?.trim()), botUser?.telegramUserId);
}

function bare(id: string | undefined): string | undefined {
  return id?.startsWith("user_") === true ? id.slice("user_".length) : id;
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
  return {
    em: digests(payment.customerEmail, email),
    ph: digests(payment.customerPhone, phoneNumber),
    fn: ofFirstName(names.first),
    ln: digests(names.last, name),
    ge: ofGender(first(anything, payment.customerGender, botUser?.customerGender)),
    ct: ofCity(first(anything, payment.customerCity, botUser?.customerCity)),
    st: ofState(first(anything, payment.customerState, botUser?.customerState)),
    country: ofCountry(first(anything, payment.customerCountry, botUser?.customerCountry)),
    external_id: externalIds(customer),
    client_ip_address: first(isAddress, tracking?.clientIp, botUser?.ipAddress),
    client_user_agent: first(anything, tracking?.clientUserAgent, botUser?.userAgent),
    fbp: first(isFbp, tracking?.fbp, payment.fbp, botUser?.fbp),
    fbc: clickCookie(customer),
  };
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
  // Most bear an id, which is in none of the sets: to look at every field took 1.8 µs.
  if (userData.external_id.length > 0) return true;
  const present = Object.entries(userData).flatMap(([field, value]) =>
    (value ?? []).length > 0 ? [field] : [],
  );
  return !tooLittle.some((set) => present.every((field) => set.includes(field)));
}
