import fc from "fast-check";
import { expect, test } from "vitest";
import { findByte } from "../../../src/evidence/logs/find-byte.js";

const bytes = fc.uint8Array({ maxLength: 40 });
const near = fc.constantFrom(0x5d, 0x5c, 0x5e, 0xdd, 0x00, 0x01, 0x80, 0xff);
const alike = fc.array(near, { maxLength: 40 }).map((some) => Uint8Array.from(some));

test("the first such byte of a stretch, and none before or behind it", () => {
  fc.assert(
    fc.property(fc.oneof(bytes, alike), fc.nat(45), fc.nat(45), fc.nat(7), (some, from, end, before) => {
      // In the middle of another buffer, as buffers of a pool lie.
      const b = Buffer.concat([Buffer.alloc(before, 0x5d), some]).subarray(before);
      const stretch = [...b.subarray(from, Math.min(end, b.length))];
      const at = stretch.indexOf(0x5d);
      expect(findByte(b, 0x5d, from, Math.min(end, b.length))).toBe(at < 0 ? -1 : from + at);
    }),
    { numRuns: 2_000 },
  );
});

test("in turns in two buffers", () => {
  const [a, b] = [Buffer.from("ab]cd"), Buffer.from("]")];
  expect([findByte(a, 0x5d, 0, 5), findByte(b, 0x5d, 0, 1), findByte(a, 0x5d, 0, 5)]).toEqual([2, 0, 2]);
});
