import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonText } from "../../src/meta/json-text.js";
import type { PurchaseEvent } from "../../src/meta/purchase-event.js";
import { purchaseText } from "../../src/meta/purchase-text.js";

describe("a text as JSON", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.string({
      unit: fc.constantFrom('"', "\\", "\n", "\u007f", "\u0000", "é", "\u2028", "\ud800", "🌸", "a"),
    }),
  );

  test("is read back as it was, and holds ASCII alone", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const json = jsonText(text);
        expect(JSON.parse(json)).toBe(text);
        expect(json).toMatch(/^[ -~]*$/);
        expect(jsonText(text)).toBe(json);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("an event as JSON", () => {
  const text = fc.string({ unit: "grapheme" });
  const said = fc.option(text, { nil: undefined });
  const digests = fc.array(fc.stringMatching(/^[0-9a-f]{64}$/), { maxLength: 2 });
  const matched = fc.option(fc.stringMatching(/^[\w.:%-]{1,20}$/), { nil: undefined });
  const events: fc.Arbitrary<PurchaseEvent> = fc.record({
    event_name: fc.constant("Purchase" as const),
    event_time: fc.nat(),
    event_id: text,
    action_source: fc.constant("website" as const),
    event_source_url: said,
    user_data: fc.record({
      em: digests,
      ph: digests,
      fn: digests,
      ln: digests,
      ge: digests,
      ct: digests,
      st: digests,
      country: digests,
      external_id: digests,
      client_ip_address: matched,
      client_user_agent: said,
      fbp: matched,
      fbc: matched,
    }),
    custom_data: fc.record({
      currency: text,
      value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      content_type: fc.constant("product" as const),
      content_ids: fc.array(fc.nat().map(String), { maxLength: 2 }),
      content_name: said,
      content_category: fc.constantFrom("initial", "upsell", "downsell", "remarketing"),
      num_items: fc.constant(1 as const),
      utm_source: said,
      utm_medium: said,
      utm_campaign: said,
      utm_content: said,
      utm_term: said,
      campaign_code: said,
    }),
  });

  test("is what JSON.stringify makes of it without the empty lists", () => {
    fc.assert(
      fc.property(events, (event) => {
        const usual = JSON.stringify(event, (_key, value: unknown) => {
          return Array.isArray(value) && value.length === 0 ? undefined : value;
        });
        expect(JSON.parse(purchaseText(event))).toEqual(JSON.parse(usual));
      }),
    );
  });
});
