import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEntry, readPointer } from "../../src/tracking/entry.js";

const read = (data: unknown) => readEntry(JSON.stringify(data));

describe("an entry of tracking data", () => {
  test("is read field by field; what the application does not name stays out", () => {
    const entry = read({
      fbclid: "IwAR0",
      fbp: "fb.1.1763607031000.1",
      fbc: "fb.1.1763607031000.IwAR0",
      fbc_origin: "cookie",
      client_ip: "189.4.12.7",
      client_user_agent: "Mozilla/5.0 (Linux; Android 14)",
      pageview_event_id: "pageview_3f",
      pageview_ts: 1_763_607_031,
      event_source_url: "https://loja.example/go/red1",
      first_page: "https://loja.example/",
      utm_source: "FB",
      utm_term: 120_210,
      grim: "g-1",
      campaign_code: "c-1",
      customer_document: "12345678909",
    });
    expect(entry).toEqual({
      fbclid: "IwAR0",
      fbp: "fb.1.1763607031000.1",
      fbc: "fb.1.1763607031000.IwAR0",
      fbcOrigin: "cookie",
      clientIp: "189.4.12.7",
      clientUserAgent: "Mozilla/5.0 (Linux; Android 14)",
      pageviewEventId: "pageview_3f",
      eventSourceUrl: "https://loja.example/go/red1",
      firstPage: "https://loja.example/",
      landingUrl: null,
      utmSource: "FB",
      utmMedium: null,
      utmCampaign: null,
      utmContent: null,
      utmTerm: "120210",
      campaignCode: "c-1",
      grim: "g-1",
    });
  });

  test.each([
    ["an object", { a: 1 }],
    ["a list", ["189.4.12.7"]],
    ["a truth", true],
    ["nothing", null],
    ["an empty text", " "],
    ["a text with a line's end", "1.2.3.4\r\nX-Evil: 1"],
    ["a text that is too long", "x".repeat(2_049)],
  ])("has no field of the wrong kind: %s", (_, clientIp) => {
    expect(read({ client_ip: clientIp, fbp: "kept" })).toMatchObject({ clientIp: null, fbp: "kept" });
  });

  test.each([
    ["no JSON", "{'fbp': 'x'}"],
    ["Python's NaN", '{"fbp": NaN}'],
    ["a list", "[]"],
    ["a text", '"abc"'],
    ["null", "null"],
    ["empty", ""],
    ["without a field that we know", '{"a": 1}'],
    ["too long", JSON.stringify({ fbp: "x", padding: "x".repeat(65_536) })],
    ["nested without end", "[".repeat(60_000)],
    ["named like a prototype", '{"__proto__": {"fbp": "x"}, "constructor": {"fbp": "x"}}'],
  ])("that is %s is none", (_, raw) => {
    expect(readEntry(raw)).toBeNull();
  });

  test("whatever it is, only texts come out", () => {
    const property = fc.property(
      fc.dictionary(fc.constantFrom("fbp", "client_ip", "grim"), fc.jsonValue()),
      (data) => {
        for (const text of Object.values(read(data) ?? {})) {
          expect(text === null || (typeof text === "string" && text.trim() !== "")).toBe(true);
        }
      },
    );
    fc.assert(property);
  });
});

test.each([
  ["3f00aa", "3f00aa"],
  ['"3f00aa"', "3f00aa"],
  [" 3f00aa\n", "3f00aa"],
  ["", null],
  ["a:b", null],
  ['{"token": "x"}', null],
  ["x".repeat(201), null],
])("the pointer %j names the token %j", (raw, token) => {
  expect(readPointer(raw)).toBe(token);
});
