import type { Customer } from "../sales/customer.js";
import { MINUTE, paidMoment, type Instant, type Sale } from "../sales/sale.js";
import { isKnownEnough } from "./user-data.js";

/*
 * What of the shop's rows keeps a Purchase from being built.
 */

/** How far two clocks may disagree before a payment in the future means a wrong time zone. */
const CLOCK_SKEW = 5 * MINUTE;

/** The `event_time` in milliseconds, or a fault. A date later than the payment's would falsify the statistics. */
export function eventMoment(sale: Sale, now: Instant): Instant | { fault: string } {
  const paid = paidMoment(sale);
  if (paid === null) return { fault: "payments.paid_at and created_at are empty" };
  if (paid <= now) return paid;
  if (paid - now <= CLOCK_SKEW) return now;
  const column = sale.paidAt === null ? "created_at" : "paid_at";
  return { fault: `payments.${column} lies in the future: check --db-timezone` };
}

/** The value, or a fault. Meta requires one (2804009), and zero is one: a sale that was given away is a sale. */
export function money(amount: string | null): number | { fault: string } {
  if (amount === null) return { fault: "payments.amount is empty" };
  const value = amount.trim() === "" ? Number.NaN : Number(amount);
  if (!Number.isFinite(value)) return { fault: "payments.amount is no number" };
  return value < 0 ? { fault: "payments.amount is negative" } : value;
}

/** The fault that `buildPurchase` would tell, or null, without building the event: its digests are half the work. */
export function purchaseFault({
  sale,
  customer,
  now,
}: {
  readonly sale: Sale;
  readonly customer: Customer;
  readonly now: Instant;
}): string | null {
  return faultOf(eventMoment(sale, now), money(sale.amount), isKnownEnough(customer)) || null;
}

/** The same of a sale whose row names its customer: whatever else is known, it is enough. */
export function rowFault(sale: Sale, now: Instant): string | null {
  return faultOf(eventMoment(sale, now), money(sale.amount), true) || null;
}

/** What has to be mended, all of it in one text; empty where nothing has. */
export function faultOf(
  moment: ReturnType<typeof eventMoment>,
  value: ReturnType<typeof money>,
  isEnough: boolean,
): string {
  const faults = [moment, value].flatMap((part) => (typeof part === "object" ? [part.fault] : []));
  if (!isEnough) {
    faults.push(
      "too little about the customer (Meta 2804050): fill one of payments.customer_user_id, customer_email, " +
        "customer_phone, fbp, fbc, fbclid",
    );
  }
  return faults.join("; ");
}
