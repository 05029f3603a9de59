import { describe, expect, test } from "vitest";
import { redact, remember } from "../src/redact.js";

// In a file of its own: the properties of redact.test.ts remember thousands of secrets, which no shop has.
describe("A hostile text of megabytes", () => {
  test.each([
    ["a.", "a dotted word"],
    ["x://y:", "URLs without an end"],
    ["access_token=", "parameters without values"],
    ["Bearer ", "bearers of nothing"],
    ["\\", "backslashes"],
    ["EAA", "beginnings of tokens"],
  ])("made of %j is read in one go", (part) => {
    remember("key-of-the-shop");
    remember('quo"te\\d\\\\-secret');
    // Where the time were quadratic in the length, this would outlast the test's limit many times over.
    const text = part.repeat(2_000_000 / part.length);
    expect(redact(`${text} key-of-the-shop`)).toContain("[secret]");
  });
});
