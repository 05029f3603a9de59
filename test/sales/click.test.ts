import { describe, expect, test } from "vitest";
import { mayShareEvent } from "../../src/sales/click.js";
import { folding } from "../../src/sales/folding.js";
import { identify } from "../../src/sales/identity.js";
import { anaBesideHim, caio, evidence, now, pool } from "../cast/sales.js";

describe("Meta folds within one pixel", () => {
  const at = (...pixels: readonly string[]) => ({
    pools: pixels.map((pixelId, id) => pool({ id, pixelId })),
  });

  test.each([
    [at("1001"), ["1001"], true],
    [at("1001"), ["2002"], false],
    [at("1001", "2002"), ["2002"], true],
    [at("1001"), ["1001", "2002"], true],
    [at("1001"), [], true],
    [at("1001"), null, true],
    [at(), ["1001"], true],
    [{ pools: null }, ["1001"], true],
    [{ pools: [pool({ pixelId: null })] }, ["1001"], true],
  ])("a sale of %j may share its event with one of %j: %s", (mine, pixels, shares) => {
    expect(mayShareEvent(mine, pixels)).toBe(shares);
  });

  test("a carrier that may have gone to another pixel makes the copy uncertain", () => {
    const carrying = (pixels: readonly string[]) => {
      const found = evidence({ siblings: [anaBesideHim({ pixels })] });
      return folding(caio(), found, identify(caio(), found, null), null, now);
    };
    expect(carrying(["1001"])).toHaveProperty("until");
    expect(carrying(["1001", "2002"])).toEqual({ doubt: expect.stringContaining("another pixel") });
  });

  test("where nobody's time is known, nothing is certain to be folded", () => {
    const timeless = caio({ paidAt: null, createdAt: null, flaggedAt: null });
    const found = evidence({ siblings: [anaBesideHim({ firstAttempt: null, createdAt: null })] });
    const copy = identify(timeless, found, null);
    expect(copy.carrier?.id).toBe(7);
    expect(folding(timeless, found, copy, null, now)).toEqual({ doubt: expect.stringContaining("47 h") });
  });
});
