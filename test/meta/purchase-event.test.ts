import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildPurchase, type PurchaseEvent, type PurchaseInput } from "../../src/meta/purchase-event.js";
import { purchaseFault } from "../../src/meta/purchase-fault.js";
import { purchaseText } from "../../src/meta/purchase-text.js";
import { shippingFault } from "../../src/meta/shipping.js";
import type { Tracking } from "../../src/sales/customer.js";
import type { Sale } from "../../src/sales/sale.js";
import { customer, PAID_AT, pool, sale } from "./customers.js";

const HOUR = 3_600_000;
const input: PurchaseInput = {
  sale,
  customer: customer({ customerUserId: "7001" }),
  pool,
  eventId: "pageview_3f",
  currency: "BRL",
  now: PAID_AT + HOUR,
};

/** As it goes over the wire, where keys without a value are missing. */
function event(changes: Partial<PurchaseInput> = {}): PurchaseEvent {
  const built = buildPurchase({ ...input, ...changes });
  if ("fault" in built) throw new Error(built.fault);
  return JSON.parse(purchaseText(built.event)) as PurchaseEvent;
}

function fault(changes: Partial<PurchaseInput>): string {
  const built = buildPurchase({ ...input, ...changes });
  return "fault" in built ? built.fault : "none";
}

const paid = (changes: Partial<Sale>): Sale => ({ ...sale, ...changes });

describe("the Purchase of a sale", () => {
  test("carries what the application would send, and no key without a value", () => {
    const { user_data: user, ...rest } = event({
      customer: customer(
        { customerUserId: "7001", productName: "Curso", utmSource: "FB", utmMedium: " " },
        null,
        { utmCampaign: "nov", grim: "g-1" },
      ),
    });
    expect(rest).toEqual({
      event_name: "Purchase",
      event_time: 1763645475,
      event_id: "pageview_3f",
      action_source: "website",
      event_source_url: "https://t.me/lojadaana_bot",
      custom_data: {
        currency: "BRL",
        value: 97,
        content_type: "product",
        content_ids: ["7"],
        content_name: "Curso",
        content_category: "initial",
        num_items: 1,
        utm_source: "FB",
        utm_campaign: "nov",
        campaign_code: "g-1",
      },
    });
    expect(Object.keys(user)).toEqual(["external_id"]);
  });

  test("through the configured pixel names no pool", () => {
    expect(event({ pool: null }).custom_data).not.toHaveProperty("content_ids");
  });

  test.each([
    ["upsell", { isUpsell: true, isRemarketing: true }],
    ["downsell", { isDownsell: true }],
    ["remarketing", { isRemarketing: true }],
    ["initial", { isUpsell: false, isDownsell: null }],
  ] as const)("is of category %s", (category, flags) => {
    const known = customer({ customerUserId: "7001", ...flags });
    expect(event({ customer: known }).custom_data.content_category).toBe(category);
  });

  test("prefers the campaign of the click to the payment's, and that to the bot user's", () => {
    const known = customer(
      { customerUserId: "1", utmSource: "payment", utmTerm: "payment" },
      { utmSource: "bot", utmTerm: "bot", utmContent: "bot", campaignCode: "bot" },
      { utmSource: "click" },
    );
    expect(event({ customer: known }).custom_data).toMatchObject({
      utm_source: "click",
      utm_term: "payment",
      utm_content: "bot",
      campaign_code: "bot",
    });
  });
});

describe("event_time", () => {
  test("is the second of the payment, whatever the age", () => {
    expect(event({ now: PAID_AT + 6 * 24 * HOUR }).event_time).toBe(Math.floor(PAID_AT / 1000));
  });

  test("is created_at where paid_at is empty", () => {
    expect(event({ sale: paid({ paidAt: null }) }).event_time).toBe(Math.floor((PAID_AT - 60_000) / 1000));
  });

  test("is now where the clocks differ by up to five minutes", () => {
    const now = PAID_AT - 300_000;
    expect(event({ now }).event_time).toBe(Math.floor(now / 1000));
  });

  test("beyond that is a fault that names the time zone", () => {
    expect(fault({ now: PAID_AT - 300_001 })).toBe(
      "payments.paid_at lies in the future: check --db-timezone",
    );
    expect(fault({ sale: paid({ paidAt: null }), now: PAID_AT - HOUR })).toMatch(
      /^payments\.created_at lies/,
    );
  });

  test("is never later than payment or now", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: -300_000, max: 7 * 24 * HOUR }),
        (at, age) => {
          const seconds = event({ sale: paid({ paidAt: at }), now: at + age }).event_time;
          expect(Number.isInteger(seconds)).toBe(true);
          expect(seconds * 1000).toBeLessThanOrEqual(Math.min(at, at + age));
        },
      ),
    );
  });

  test("missing is a fault", () => {
    expect(fault({ sale: paid({ paidAt: null, createdAt: null }) })).toBe(
      "payments.paid_at and created_at are empty",
    );
  });
});

describe("the value", () => {
  test.each([
    ["97.00", 97],
    ["97.9", 97.9],
    ["0", 0],
    ["1e+03", 1000],
  ])("of amount %s is the number %d", (amount, value) => {
    expect(event({ sale: paid({ amount }) }).custom_data.value).toBe(value);
  });

  test.each([
    [null, "payments.amount is empty"],
    ["NaN", "payments.amount is no number"],
    ["", "payments.amount is no number"],
    ["Infinity", "payments.amount is no number"],
    ["-0.01", "payments.amount is negative"],
  ])("of amount %s is a fault", (amount, expected) => {
    expect(fault({ sale: paid({ amount }) })).toBe(expected);
  });
});

describe("event_source_url", () => {
  const url = (
    tracking: Partial<Tracking> | null,
    changes: Partial<PurchaseInput> = {},
  ): string | undefined =>
    event({ customer: customer({ customerUserId: "1" }, null, tracking), ...changes }).event_source_url;
  const page = "https://loja.example.com/p?x=1";

  test("is the page of the click, the first one known", () => {
    expect(url({ eventSourceUrl: page, firstPage: "https://b", landingUrl: "https://c" })).toBe(page);
    expect(url({ firstPage: page, landingUrl: "https://c" })).toBe(page);
    expect(url({ landingUrl: page })).toBe(page);
  });

  test("passes over what is no web address", () => {
    expect(url({ eventSourceUrl: "/go/red1", firstPage: "javascript:1", landingUrl: page })).toBe(page);
  });

  test("else is the pool's page, where the shop's address is known", () => {
    expect(url(null, { siteUrl: "https://shop.example.com/" })).toBe("https://shop.example.com/go/red1");
    expect(url(null, { siteUrl: "https://shop.example.com", pool: { ...pool, slug: "a/b" } })).toBe(
      "https://shop.example.com/go/a%2Fb",
    );
  });

  test("else is the bot's, and missing where the bot has no name", () => {
    expect(url(null, { siteUrl: null })).toBe("https://t.me/lojadaana_bot");
    expect(url(null, { siteUrl: "https://shop.example.com", pool: { ...pool, slug: null } })).toBe(
      "https://t.me/lojadaana_bot",
    );
    expect(event({ sale: paid({ botUsername: null }) })).not.toHaveProperty("event_source_url");
  });
});

describe("a customer of whom too little is known", () => {
  test("is a fault that names the columns", () => {
    expect(
      fault({ customer: customer({ customerName: "Ana", customerEmail: "7001@telegram.user" }) }),
    ).toMatch(/2804050.*payments\.customer_user_id, customer_email, customer_phone/);
  });

  test("is told together with the other faults, so that one visit mends all", () => {
    expect(
      fault({ customer: customer(), sale: paid({ amount: null, paidAt: null, createdAt: null }) }).split(
        "; ",
      ),
    ).toHaveLength(3);
  });
});

describe("the fault that is told before anything is built", () => {
  test("is that of building it, whatever the rows hold", () => {
    const text = fc.option(
      fc.oneof(fc.constantFrom("", " ", "user_", "user_7", "fb.1.2.3", "f", "Ana"), fc.string()),
    );
    const payment = fc.record({
      customerUserId: text,
      customerName: text,
      customerEmail: text,
      customerPhone: text,
      customerCity: text,
      customerGender: text,
      fbp: text,
      fbclid: text,
    });
    const botUser = fc.option(
      fc.record({ telegramUserId: text, externalId: text, userAgent: text, ipAddress: text }),
    );
    const amount = fc.constantFrom(null, "", "x", "-1", "97.00");
    const paidAt = fc.constantFrom(PAID_AT, PAID_AT + 24 * HOUR);
    fc.assert(
      fc.property(payment, botUser, amount, paidAt, (columns, user, sum, at) => {
        const row = { ...sale, amount: sum, paidAt: at };
        const known = customer(columns, user);
        const built = buildPurchase({
          sale: row,
          customer: known,
          pool,
          eventId: "e",
          currency: "BRL",
          now: PAID_AT + HOUR,
        });
        const fault = "fault" in built ? built.fault : null;
        expect(purchaseFault({ sale: row, customer: known, now: PAID_AT + HOUR })).toBe(fault);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("no personal text leaves unhashed", () => {
  test("whatever the shop's columns hold", () => {
    const text = fc
      .string({ minLength: 5, maxLength: 40, unit: "grapheme" })
      .filter((raw) => raw.trim().length >= 5);
    const person = fc.record({
      customerUserId: fc.integer({ min: 1e9, max: 9e9 }).map((id) => `user_${id}`),
      customerName: fc.tuple(text, text).map((words) => words.join(" ")),
      customerEmail: fc.oneof(fc.emailAddress(), text),
      customerPhone: fc.oneof(fc.stringMatching(/^\+?55[1-9]{2}9[0-9]{8}$/), text),
      customerCity: text,
      customerState: text,
      customerCountry: text,
      customerGender: text,
    });
    fc.assert(
      fc.property(person, (raw) => {
        const sent = JSON.stringify(event({ customer: customer({ ...raw, fbclid: "IwAR0" }) })).toLowerCase();
        // The frame that every event shares may hold a short text by chance; only what the customer adds counts.
        const frame = JSON.stringify(event()).toLowerCase();
        const pieces = Object.values(raw).flatMap((value) => [
          value,
          value.replace(/^user_/, ""),
          ...value.split(" "),
        ]);
        for (const piece of pieces.map((value) => value.trim().toLowerCase())) {
          if (piece.length < 5 || frame.includes(piece) || /^[0-9a-f]*$/.test(piece)) continue;
          expect(sent).not.toContain(JSON.stringify(piece).slice(1, -1));
        }
      }),
    );
  });

  test("nor does a document, even where a query hands one over: no code reads it", () => {
    const known = customer({ customerUserId: "7001" });
    const payment = Object.assign(known.payment, { customerDocument: "123.456.789-09" });
    expect(JSON.stringify(event({ customer: { ...known, payment } }))).not.toContain("456");
  });
});

describe("what keeps a pool from sending", () => {
  test("is nothing where all is set, or where the shop has no pools", () => {
    expect(shippingFault(sale, pool)).toBeNull();
    expect(shippingFault({ ...sale, pools: null }, null)).toBeNull();
  });

  test.each([
    ["pool_bots", { pools: [] }],
    ["meta_tracking_enabled", { pools: [{ ...pool, trackingEnabled: false }] }],
    ["meta_events_purchase", { pools: [{ ...pool, purchaseEnabled: false }] }],
    ["meta_pixel_id is empty", { pools: [{ ...pool, pixelId: null }] }],
    ["meta_pixel_id is empty", { pools: [{ ...pool, pixelId: "" }] }],
    ["meta_pixel_id is not a number", { pools: [{ ...pool, pixelId: "123/../me" }] }],
    ["meta_access_token", { pools: [{ ...pool, hasToken: false }] }],
  ])("is named: %s", (column, changes) => {
    expect(shippingFault({ ...sale, ...changes }, changes.pools[0])).toContain(column);
  });

  test("is a pixel of an earlier attempt that no enabled pool has any more", () => {
    expect(shippingFault({ ...sale, pools: [pool] }, null)).toContain(
      "no enabled pool of its bot has the pixel",
    );
  });

  test("is judged for the pool that takes the event, not for the bot's first", () => {
    const off = { ...pool, id: 8, trackingEnabled: false };
    expect(shippingFault({ ...sale, pools: [off, pool] }, pool)).toBeNull();
    expect(shippingFault({ ...sale, pools: [pool, off] }, off)).toBe(
      "redirect_pools 8: meta_tracking_enabled is off",
    );
  });
});
