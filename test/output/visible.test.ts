import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LONGEST, visible, visibleLines } from "../../src/output/visible.js";

const anything = fc.string({ unit: "binary", maxLength: 200 });
const nasty = fc.string({
  unit: fc.constantFrom(
    "\u001b",
    "\u0000",
    "\n",
    "\r",
    "\u0085",
    "\u2028",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\ud800",
    "\u{e0041}",
    "a",
    "👩",
    "\u200d",
    "\ufe0f",
  ),
});

describe("visible()", () => {
  test("leaves neither a control character, a line end, a bidirectional control nor half a character", () => {
    fc.assert(
      fc.property(fc.oneof(anything, nasty), (text) => {
        expect(visible(text)).not.toMatch(
          /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u,
        );
      }),
    );
  });

  test("leaves ordinary text of any language alone", () => {
    for (const text of [
      "Promoção do João",
      "店舗ボット",
      "Магазин",
      "متجر",
      "👩‍👩‍👧 ❤️ 👍🏽 1️⃣ 🇧🇷",
      "a  b",
      "R$ 97,00 – já",
    ]) {
      expect(visible(text)).toBe(text.normalize("NFC"));
    }
  });

  test("shows a joiner or a selector that joins nothing", () => {
    expect(visible("ad\u200dmin")).toBe("ad<U+200D>min");
    expect(visible("a\ufe0f")).toBe("a<U+FE0F>");
  });

  test("shows hidden text made of tag characters, fillers and soft hyphens", () => {
    expect(visible("a\u{e0041}b\u3164c\u00add")).toBe("a<U+E0041>b<U+3164>c<U+00AD>d");
  });

  test("gives an accent and its letter one width", () => {
    expect(visible("e\u0301")).toBe("é");
  });

  test("cuts what is longer than a person reads, and only that", () => {
    expect(visible("x".repeat(LONGEST))).toHaveLength(LONGEST);
    expect(visible("x".repeat(LONGEST + 1))).toBe(`${"x".repeat(LONGEST)}…`);
  });
});

describe("visibleLines()", () => {
  test("keeps the line ends and tabs of our own layout, and nothing else of the kind", () => {
    expect(visibleLines("select 1\n\t, 2 \u001b[2J\r\n")).toBe("select 1\n\t, 2 ␛[2J␍\n");
  });
});
