import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addAmounts,
  cents,
  compareAmounts,
  isPositive,
  parseAmount,
  showAmount,
} from "../../src/sales/money.js";

describe("An amount, as PostgreSQL prints it, is read to the cent", () => {
  test.each([
    ["97", "97.00"],
    ["97.0", "97.00"],
    ["97.1", "97.10"],
    ["97.00", "97.00"],
    ["1234567.89", "1234567.89"],
    ["1e2", "100.00"],
    ["1E+2", "100.00"],
    ["1.5e-1", "0.15"],
    ["1e-7", "0.00"],
    ["1e-999999", "0.00"],
    ["1e+21", "1000000000000000000000.00"],
    [".5", "0.50"],
    ["5.", "5.00"],
    ["+5", "5.00"],
    [" 5 ", "5.00"],
    ["0", "0.00"],
    ["007", "7.00"],
    ["9007199254740993.01", "9007199254740993.01"],
  ])("%j is %s", (text, amount) => {
    expect(parseAmount(text)).toBe(amount);
  });

  test.each([
    ["97.005", "97.01"],
    ["97.0049999999999999999999", "97.00"],
    ["1.005", "1.01"],
    ["0.005", "0.01"],
    ["0.994999", "0.99"],
    ["0.995", "1.00"],
    ["999.995", "1000.00"],
    ["-0.005", "-0.01"],
    ["-0.004", "0.00"],
    ["-97.5", "-97.50"],
  ])("%j is rounded to %s, half away from zero, where a float would err", (text, amount) => {
    expect(parseAmount(text)).toBe(amount);
  });

  test.each([
    "",
    " ",
    ".",
    "-",
    "e5",
    "NaN",
    "Infinity",
    "-Infinity",
    "R$ 97",
    "97,00",
    "1_000",
    "0x10",
    "1e",
    "1e401",
    "1e9999999",
  ])("%j is no amount", (text) => {
    expect(parseAmount(text)).toBeNull();
  });

  test("every amount of cents survives, in each way of writing it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.nat({ max: 5 }), (value, zeros) => {
        const amount = `${value / 100n}.${String(value % 100n).padStart(2, "0")}`;
        expect(parseAmount(amount)).toBe(amount);
        expect(parseAmount(amount + "0".repeat(zeros))).toBe(amount);
        expect(parseAmount(`${value}e-2`)).toBe(amount);
        expect(cents(amount)).toBe(value);
      }),
    );
  });

  test("every double is rounded to the nearest cent, by its printed digits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), (value) => {
        const amount = parseAmount(String(value));
        expect(Math.abs(Number(amount) - value)).toBeLessThanOrEqual(0.005 + Math.abs(value) * 1e-15);
      }),
    );
  });

  test("no finite double is refused", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseAmount(String(value))).toMatch(/^-?\d+\.\d\d$/);
      }),
    );
  });
});

describe("Sums", () => {
  test("are exact where floats are not", () => {
    expect(addAmounts(["0.10", "0.20"])).toBe("0.30");
    expect(addAmounts(Array.from({ length: 100_000 }, () => "0.01"))).toBe("1000.00");
  });

  test("of nothing are nothing, and below zero keep their sign", () => {
    expect(addAmounts([])).toBe("0.00");
    expect(addAmounts(["1.00", "-1.05"])).toBe("-0.05");
  });

  test("do not depend on the order", () => {
    const amount = fc
      .bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
      .map((value) => parseAmount(`${value}e-2`) ?? "");
    fc.assert(
      fc.property(fc.array(amount), (amounts) => {
        expect(addAmounts(amounts)).toBe(addAmounts(amounts.toReversed()));
        expect(cents(addAmounts(amounts))).toBe(amounts.reduce((sum, one) => sum + cents(one), 0n));
      }),
    );
  });

  test("of millions are exact, however large each is", () => {
    const sizes = [1n, 97n, 99_999_999_999n, 10n ** 15n, -(10n ** 9n)];
    const text = (value: bigint) => `${value}.99`;
    const many = Array.from({ length: 200_000 }, (_, n) => text(sizes[n % sizes.length] ?? 0n));
    const sum = many.map(cents).reduce((a, b) => a + b);
    expect(cents(addAmounts(many))).toBe(sum);
    expect(cents(addAmounts(Array(150_000).fill("999999999.99")))).toBe(99_999_999_999n * 150_000n);
  });

  test("refuse what is no amount, instead of counting it as nothing", () => {
    for (const text of ["NaN", "97", "97.0", "", "97.005", "--1.00"])
      expect(() => addAmounts([text])).toThrow(RangeError);
  });
});

describe("Amounts", () => {
  test("are ordered by value, not by text", () => {
    expect(["97.00", "100.00", "-5.00", "9.99"].toSorted(compareAmounts)).toEqual([
      "-5.00",
      "9.99",
      "97.00",
      "100.00",
    ]);
    expect(compareAmounts("1.00", "1.00")).toBe(0);
  });

  test("are positive above zero only", () => {
    expect(["0.01", "0.00", "-0.01"].map(isPositive)).toEqual([true, false, false]);
  });

  test("are shown with their currency, or as unknown", () => {
    expect(showAmount("97.00", "BRL")).toBe("BRL 97.00");
    expect(showAmount(null, "BRL")).toBe("unknown");
  });
});
