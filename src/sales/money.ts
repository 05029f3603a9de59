/** A plain decimal number, with an exponent where PostgreSQL prints a double as `1e+21`. */
const decimal = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,6}))?$/;

/** What PostgreSQL prints of nearly every amount: cents are there, or are filled up without any reckoning. */
const usual = /^(?:0|[1-9]\d*)(?:\.\d\d?)?$/;

/** Beyond what a double can hold (1e308); a larger exponent would only build a huge number. */
const LARGEST_EXPONENT = 400;

/**
 * Reads an amount as PostgreSQL prints it (double precision or numeric) and rounds it to cents, half away
 * from zero as `round(numeric, 2)` does. No float is involved: 97.005 is 97.01.
 * Null where it is no finite number: empty, `NaN`, `Infinity`, words.
 */
export function parseAmount(text: string): string | null {
  if (usual.test(text)) {
    const point = text.indexOf(".");
    return point < 0 ? `${text}.00` : text.length - point === 3 ? text : `${text}0`;
  }
  const match = decimal.exec(text.trim());
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return null;
  const shift = Number(exponent) - fraction.length + 2;
  if (Number(exponent) > LARGEST_EXPONENT) return null;
  const size =
    shift >= 0 ? BigInt(whole + fraction) * 10n ** BigInt(shift) : roundedOff(whole + fraction, -shift);
  return amountOf(sign === "-" ? -size : size);
}

/** The number without its last `count` digits, rounded half up. */
function roundedOff(digits: string, count: number): bigint {
  const padded = digits.padStart(count + 1, "0");
  const kept = padded.slice(0, padded.length - count);
  return BigInt(kept) + ((padded[kept.length] ?? "0") >= "5" ? 1n : 0n);
}

/** Cents of an amount with two digits. @throws RangeError for anything that `parseAmount` did not write */
export function cents(amount: string): bigint {
  return BigInt(digitsOf(amount));
}

function digitsOf(amount: string): string {
  if (!/^-?\d+\.\d\d$/.test(amount)) throw new RangeError(`not an amount with two digits: ${amount}`);
  return amount.slice(0, -3) + amount.slice(-2);
}

/** A number holds the cents of shorter ones exactly, and thousands of them. */
const SHORT = 12;

/** The exact sum. Short ones are added as numbers: a bigint for each took three times as long. */
export function addAmounts(amounts: Iterable<string>): string {
  let sum = 0n;
  let short = 0;
  for (const amount of amounts) {
    if (amount.length > SHORT) sum += cents(amount);
    else short += Number(digitsOf(amount));
    if (Math.abs(short) < Number.MAX_SAFE_INTEGER / 2) continue;
    sum += BigInt(short);
    short = 0;
  }
  return amountOf(sum + BigInt(short));
}

/** Negative, zero or positive, as for `sort`. */
export function compareAmounts(a: string, b: string): number {
  const difference = cents(a) - cents(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** An amount that Meta can be told as the value of a purchase. */
export function isPositive(amount: string): boolean {
  return cents(amount) > 0n;
}

/** For people: `BRL 97.00`. Without grouping, so that a copied number is a number anywhere. */
export function showAmount(amount: string | null, currency: string): string {
  return amount === null ? "unknown" : `${currency} ${amount}`;
}

/** Cents as an amount with two digits. */
export function amountOf(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(3, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
