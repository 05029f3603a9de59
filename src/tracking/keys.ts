import type { Customer } from "../sales/customer.js";
import type { Sale } from "../sales/sale.js";

/** Where the tracking data of one sale may lie, in the application's order: the first that is there is taken whole. */
export interface Keys {
  readonly entries: readonly string[];
  /** Holds the token of one more entry. */
  readonly pointer: string | null;
}

/** A shop's columns have up to 255 characters; a longer text is no key. */
const LONGEST = 300;

export function keysOf(sale: Sale, customer: Customer | undefined): Keys {
  const tokens = [customer?.botUser?.trackingSessionId, customer?.payment.trackingToken];
  const fbclid = [customer?.payment.fbclid, customer?.botUser?.fbclid].find(isKey);
  return {
    entries: [
      ...tokens.filter(isKey).map(entryKey),
      ...[sale.paymentId].filter(isKey).map((id) => `tracking:payment:${id}`),
    ],
    pointer: fbclid === undefined ? null : `tracking:fbclid:${fbclid}`,
  };
}

export function entryKey(token: string): string {
  return `tracking:${token}`;
}

function isKey(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text.trim() !== "" && text.length <= LONGEST;
}
