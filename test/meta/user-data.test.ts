import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countryCode, phoneNumber, stateCode } from "../../src/meta/brazil.js";
import { digests } from "../../src/meta/digests.js";
import { cities, email, gender, name, postcode, splitName } from "../../src/meta/normalise.js";
import { userDataText } from "../../src/meta/purchase-text.js";
import { buildUserData, enoughCustomerData, type UserData } from "../../src/meta/user-data.js";
import type { Customer } from "../../src/sales/customer.js";
import { customer } from "./customers.js";

interface Vector {
  readonly field: keyof typeof fields;
  readonly input: string;
  readonly normalised: readonly string[] | null;
  readonly sha256: readonly string[];
  readonly why: string;
}

const fields = {
  em: email,
  ph: phoneNumber,
  fn: name,
  ln: name,
  ct: cities,
  st: stateCode,
  zp: postcode,
  country: countryCode,
  ge: gender,
};
const { vectors } = JSON.parse(readFileSync(new URL("fixtures/user-data.json", import.meta.url), "utf8")) as {
  readonly vectors: readonly Vector[];
};
const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
const digest = /^[0-9a-f]{64}$/;
/** As it goes over the wire, where keys without a value are missing. */
const userData = (of: Customer) => JSON.parse(userDataText(buildUserData(of))) as Partial<UserData>;

describe("a field is normalised and hashed as Meta's page says", () => {
  test.each(vectors)("$field $input: $why", ({ field, input, normalised, sha256: wanted }) => {
    if (normalised !== null) expect([fields[field](input)].flat().filter(Boolean)).toEqual(normalised);
    expect(digests(input, fields[field])).toEqual(wanted);
  });

  test("all 27 states are known by name, with and without accents", () => {
    const names =
      "Acre Alagoas Amapá Amazonas Bahia Ceará Distrito_Federal Espírito_Santo Goiás Maranhão Mato_Grosso " +
      "Mato_Grosso_do_Sul Minas_Gerais Pará Paraíba Paraná Pernambuco Piauí Rio_de_Janeiro Rio_Grande_do_Norte " +
      "Rio_Grande_do_Sul Rondônia Roraima Santa_Catarina São_Paulo Sergipe Tocantins";
    const codes = "ac al ap am ba ce df es go ma mt ms mg pa pb pr pe pi rj rn rs ro rr sc sp se to";
    const states = names.split(" ").map((state) => state.replaceAll("_", " "));
    expect(states.map(stateCode).join(" ")).toBe(codes);
    expect(states.map((state) => stateCode(state.normalize("NFD").toUpperCase())).join(" ")).toBe(codes);
  });
});

describe("whatever the text is", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.emailAddress(),
    fc.stringMatching(/^[+ 0-9()-]{0,20}$/),
    fc.constantFrom("", " ", "\u200b", "\u0301", "İ", "ΑΣ-Σ", "ﬁ", "\ud800", "São Paulo", "constructor"),
  );
  const names = Object.keys(fields) as (keyof typeof fields)[];

  test.each(names)("%s is 64 hex digits or nothing, and never the digest of an empty text", (field) => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const value of digests(text, fields[field])) {
          expect(value).toMatch(digest);
          expect(value).not.toBe(sha256(""));
        }
      }),
    );
  });

  test.each(names)("%s hashed twice is hashed once", (field) => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const value of digests(text, fields[field]))
          expect(digests(value, fields[field])).toEqual([value]);
      }),
    );
  });

  test.each(names.filter((field) => field !== "ph" && field !== "ct"))(
    "%s normalised twice is normalised once",
    (field) => {
      fc.assert(
        fc.property(texts, (text) => {
          const once = [fields[field](text)].flat().join("");
          expect([fields[field](once)].flat().join("")).toBe(once);
        }),
      );
    },
  );

  test("a Brazilian phone normalised twice is normalised once", () => {
    const national = fc.stringMatching(/^[1-9][1-9]9?[2-9][0-9]{7}$/);
    fc.assert(
      fc.property(national, (text) => {
        expect(phoneNumber(text)).toBe(`55${text}`);
        expect(phoneNumber(phoneNumber(text))).toBe(`55${text}`);
        expect(phoneNumber(`+55 (0)${text}`)).toBe(`55${text}`);
      }),
    );
  });

  test("a name of plain words is what the patterns would leave of it", () => {
    const words = fc.string({ unit: fc.constantFrom("a", "Z", "ã", "Ç", "é", "7", " ", "ß", "÷", "Ÿ") });
    fc.assert(
      fc.property(words, (text) => {
        // The dash goes, and with it no shortcut is taken.
        expect(name(text)).toBe(name(`-${text}`));
        expect(splitName(text)).toEqual(splitName(`${text} -`));
      }),
      { numRuns: 2_000 },
    );
  });

  test("an address in its normalised form is told from one that only looks so", () => {
    const texts = fc.oneof(fc.emailAddress(), fc.stringMatching(/^[a-z@. ]{0,12}$/));
    fc.assert(
      fc.property(texts, (text) => {
        // Capitals and spaces leave no shortcut.
        expect(email(text)).toBe(email(` ${text.toUpperCase()} `));
      }),
    );
  });

  test("a phone number as forms store it is what is left of one with spaces", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?5{1,2}[0-9]{9,13}$/), (text) => {
        // A space leaves no shortcut.
        expect(phoneNumber(text)).toBe(phoneNumber(`${text} `));
      }),
      { numRuns: 2_000 },
    );
  });

  test("composed and decomposed accents give one digest, in every field", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "ã", "ç", "É", "ü", " ", "s") }), (text) => {
        for (const field of names) {
          expect(digests(text.normalize("NFD"), fields[field])).toEqual(
            digests(text.normalize("NFC"), fields[field]),
          );
        }
      }),
    );
  });
});

describe("the customer of a sale", () => {
  test("is told by first word and the rest of the name", () => {
    const data = userData(customer({ customerName: " 🌸 Maria  Aparecida da Silva 🌸" }));
    expect(data).toEqual({ fn: [sha256("maria")], ln: [sha256("aparecidadasilva")] });
  });

  test("without a surname has no ln, and without letters no name at all", () => {
    expect(userData(customer({ customerName: "Maria" }))).toEqual({ fn: [sha256("maria")] });
    expect(userData(customer({ customerName: "🔥 123" }))).toEqual({});
  });

  test("has the click id first and the Telegram id second, both as the application hashes them", () => {
    const data = userData(customer({ customerUserId: "user_7001", fbclid: "IwAR_Click" }));
    expect(data.external_id).toEqual([sha256("IwAR_Click"), sha256("7001")]);
  });

  test("with a click id longer than 80 characters has the digest of its MD5", () => {
    const long = "A".repeat(81);
    const md5 = createHash("md5").update(long).digest("hex");
    expect(userData(customer({ fbclid: long })).external_id).toEqual([sha256(md5)]);
    expect(userData(customer({ fbclid: "A".repeat(80) })).external_id).toEqual([sha256("A".repeat(80))]);
  });

  test("takes the Telegram id and the click id of bot_users where the payment has none", () => {
    const data = userData(customer({}, { telegramUserId: "7001", externalId: "click-1" }));
    expect(data.external_id).toEqual([sha256("click-1"), sha256("7001")]);
  });

  test("takes browser and click from the tracking data, then the payment, then bot_users", () => {
    const known = {
      payment: { fbp: "fb.1.1700000000002.2", fbc: "fb.1.1700000000002.Payment" },
      botUser: {
        fbp: "fb.1.1700000000003.3",
        fbc: "fb.1.1700000000003.Bot",
        ipAddress: "2001:db8::3",
        userAgent: "UA-3",
      },
      tracking: {
        fbp: "fb.1.1700000000001.1",
        fbc: "fb.1.1700000000001.Click",
        clientIp: "203.0.113.1",
        clientUserAgent: "UA-1",
      },
    };
    expect(userData(customer(known.payment, known.botUser, known.tracking))).toEqual({
      client_ip_address: "203.0.113.1",
      client_user_agent: "UA-1",
      fbp: "fb.1.1700000000001.1",
      fbc: "fb.1.1700000000001.Click",
    });
    expect(userData(customer(known.payment, known.botUser))).toEqual({
      client_ip_address: "2001:db8::3",
      client_user_agent: "UA-3",
      fbp: "fb.1.1700000000002.2",
      fbc: "fb.1.1700000000002.Payment",
    });
    expect(userData(customer({}, known.botUser)).fbc).toBe("fb.1.1700000000003.Bot");
  });

  test("has the same digests when many others were in between, and those of another one never", () => {
    const known = (n: number) => customer({ customerName: `Ana${n}`, customerCity: `Vila ${n}` });
    for (const round of [1, 2]) {
      for (let n = 0; n < 2_100; n += round) {
        expect(userData(known(n))).toEqual({ fn: [sha256(`ana${n}`)], ct: [sha256(`vila${n}`)] });
      }
    }
  });

  test("has no address where the shop stored something else", () => {
    expect(userData(customer({}, { ipAddress: "unknown" }, { clientIp: "10.0.0.1, 203.0.113.1" }))).toEqual(
      {},
    );
  });

  test("has no country that no column names, not even with a Brazilian phone", () => {
    const data = userData(customer({ customerPhone: "11 98765-4321", customerState: "SP" }));
    expect(Object.keys(data)).toEqual(["ph", "st"]);
  });

  test("has city, state, country and gender of bot_users where the payment leaves them empty", () => {
    const data = userData(
      customer(
        { customerCity: " " },
        { customerCity: "Recife", customerState: "PE", customerCountry: "BR", customerGender: "F" },
      ),
    );
    expect(data).toEqual({
      ct: [sha256("recife")],
      st: [sha256("pe")],
      country: [sha256("br")],
      ge: [sha256("f")],
    });
  });
});

describe("fbc and fbp", () => {
  test.each([
    "fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890",
    "fb.1.1709136167115.IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk",
    "fb.2.1700000000000.aB-_9.BA",
    "fb.1.1700000000000.aB.AQQCAQIB",
  ])("go as they are, case and all: %s", (fbc) => {
    expect(userData(customer({ fbc }))).toEqual({ fbc });
  });

  test.each([
    "fb1.1.123.abc",
    "fb.1b.123.abc",
    "fb.1.123aa.abc",
    "fb.1.123.",
    "fb.1.123",
    "fb.1.123.a b",
    "fb.1.123.abc.invalid",
    "FB.1.123.abc",
    "IwAR2F4",
    "None",
  ])("are left out where malformed: %s", (text) => {
    expect(userData(customer({ fbc: text, fbp: text }))).toEqual({});
  });

  test("are left out where fbp has letters for its number", () => {
    expect(userData(customer({ fbp: "fb.1.1596403881668.abc" }))).toEqual({});
    expect(userData(customer({ fbp: "fb.1.1596403881668.1116446470" }))).toEqual({
      fbp: "fb.1.1596403881668.1116446470",
    });
  });

  test("give way to the next source where one is malformed", () => {
    expect(userData(customer({ fbc: "fb.1.1.Good" }, null, { fbc: "broken" })).fbc).toBe("fb.1.1.Good");
  });

  test("of synthetic origin never go, nor does the payment's copy, but the payment's own does", () => {
    const tracking = { fbc: "fb.1.1.MadeUp", fbcOrigin: "synthetic" };
    expect(userData(customer({ fbc: "fb.1.1.MadeUp" }, null, tracking))).toEqual({});
    expect(userData(customer({ fbc: "fb.1.1.Real" }, null, tracking)).fbc).toBe("fb.1.1.Real");
    expect(userData(customer({}, null, { ...tracking, fbcOrigin: "cookie" })).fbc).toBe("fb.1.1.MadeUp");
  });
});

describe("Meta refuses too little customer data (2804050)", () => {
  const value = ["0".repeat(64)];
  const nothing = buildUserData(customer());

  test.each<[string, object]>([
    ["nothing", {}],
    [
      "a place and a browser",
      { ct: value, st: value, zp: value, country: value, ge: value, client_user_agent: "UA" },
    ],
    ["a browser", { client_user_agent: "UA" }],
    ["a first name", { fn: value }],
    ["first name and gender", { fn: value, ge: value }],
    ["last name and gender", { ln: value, ge: value }],
  ])("such as %s", (_what, data) => {
    expect(enoughCustomerData({ ...nothing, ...data })).toBe(false);
  });

  test.each<[string, object]>([
    ["an e-mail", { em: value }],
    ["an external id", { external_id: value }],
    ["a click", { fbc: "fb.1.1.a" }],
    ["an address with a browser", { client_ip_address: "203.0.113.1", client_user_agent: "UA" }],
    ["a full name", { fn: value, ln: value }],
    ["a first name and a city", { fn: value, ct: value }],
  ])("but takes %s", (_what, data) => {
    expect(enoughCustomerData({ ...nothing, ...data })).toBe(true);
  });
});
