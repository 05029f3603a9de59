import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mayHoldSecret, redact, remember, Secret } from "../src/redact.js";

describe("A secret", () => {
  const secret = new Secret("key-of-the-shop");

  test("prints, serialises and inspects as a placeholder", () => {
    expect(`${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret })}`).toBe(
      '[secret] {"secret":"[secret]"} { secret: [secret] }',
    );
  });

  test("is given away by reveal alone", () => {
    expect(secret.reveal()).toBe("key-of-the-shop");
    expect(Object.keys(secret)).toEqual([]);
  });

  test("is found in any text from the moment that it exists", () => {
    expect(redact("before key-of-the-shop after")).toBe("before [secret] after");
  });

  test("is not suspected in a text that holds a part of it alone, such as the pixel in its name", () => {
    remember("key_of_pixel_712345678901234");
    expect(mayHoldSecret('{"pixelId":"712345678901234"}')).toBe(false);
    expect(mayHoldSecret("pixel 712345678901234, key%5Fof%5Fpixel%5F712345678901234")).toBe(true);
    expect(redact("pixel 712345678901234, key%5Fof%5Fpixel%5F712345678901234")).toBe(
      "pixel 712345678901234, [secret]",
    );
  });
});

describe("A remembered secret leaves a text", () => {
  const encoders: Record<string, (secret: string) => string> = {
    "as it is": (secret) => secret,
    "in a URL": encodeURIComponent,
    "in a URL with lower-case escapes": (secret) =>
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    "in a URL's path": (secret) => encodeURI(secret),
    "in a form": (secret) => new URLSearchParams({ q: secret }).toString().slice(2),
    "as the password of a URL": (secret) =>
      Object.assign(new URL("http://u@h"), { password: secret }).password,
    "in JSON": (secret) => JSON.stringify(secret).slice(1, -1),
    "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    "in what inspect shows": (secret) => inspect(secret).slice(1, -1),
  };
  const anySecret = fc
    .string({ unit: "grapheme", minLength: 6, maxLength: 24 })
    .filter((text) => text.length <= 40 && !/^[sectrokn[\] \\]*$/.test(text) && !"[secret]".includes(text));

  test.each(Object.entries(encoders))("%s", (_, encode) => {
    fc.assert(
      fc.property(
        anySecret,
        fc.string({ maxLength: 20 }),
        fc.string({ maxLength: 20 }),
        (secret, before, after) => {
          remember(secret);
          const form = encode(secret);
          expect(redact(`${before}${form}${after}`)).not.toContain(form);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("when it begins like a shorter one: no tail stays behind", () => {
    remember("swordfish");
    remember("swordfish-and-chips");
    expect(redact("swordfish-and-chips swordfish")).toBe("[secret] [secret]");
  });

  test("every time that it occurs", () => {
    remember("abracadabra!");
    expect(redact("abracadabra!abracadabra! abracadabra%21")).toBe("[secret][secret] [secret]");
  });

  test("when it was the password inside a remembered URL", () => {
    remember("postgresql+psycopg2://shop:p%40ss-word@db.internal:5432/shop");
    expect(redact("login failed with p@ss-word")).toBe("login failed with [secret]");
  });

  test("unless it is so short that ordinary words would go blank", () => {
    remember("pix");
    expect(redact("paid by pix")).toBe("paid by pix");
  });
});

describe("What was never remembered leaves a text by its shape:", () => {
  // Built, so that no scanner takes these lines for real tokens.
  const token = `EAA${"B".repeat(9)}`;
  const encrypted = `gAAAAA${"x".repeat(50)}==`;

  test.each([
    ["an access token of Meta", `bad token ${token}!`, "bad token [token]!"],
    ["the same in an escaped URL", `next=%3D${token}&x=1`, "next=%3D[token]&x=1"],
    ["an encrypted token", `cannot decrypt ${encrypted}`, "cannot decrypt [encrypted]"],
    ["a parameter", "POST /events?access_token=abc123&v=1", "POST /events?access_token=[token]&v=1"],
    ["a JSON field", '{"access_token":"abc123","n":1}', '{"access_token":"[token]","n":1}'],
    ["JSON in JSON", '"{\\"access_token\\": \\"abc123\\"}"', '"{\\"access_token\\": \\"[token]\\"}"'],
    ["a bearer", "authorization Bearer abcdefgh.ijk", "authorization Bearer [token]"],
    ["a header", "Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [secret]"],
    ["a libpq string", "host=db password=hunter22 user=shop", "host=db password=[secret] user=shop"],
    ["an environment", "PGPASSWORD=hunter22 psql", "PGPASSWORD=[secret] psql"],
    ["a URL", "redis://:hunter22@redis:6379/0", "redis://:[secret]@redis:6379/0"],
    ["a URL whose password has an @", "postgres://u:p@ss@db/x?a=1", "postgres://u:[secret]@db/x?a=1"],
    ["a URL whose password has a slash and a colon", "postgres://u:a/b:c@db/x", "postgres://u:[secret]@db/x"],
    ["two URLs in one word", "redis://:one@a,redis://:two@b", "redis://:[secret]@a,redis://:[secret]@b"],
    [
      "a URL in JSON",
      '{"url":"amqp://u:pw@mq/v","mail":"a@b"}',
      '{"url":"amqp://u:[secret]@mq/v","mail":"a@b"}',
    ],
  ])("%s", (_, text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  test.each([
    "https://graph.facebook.com/v21.0/events?fields=a:b",
    "https://graph.facebook.com/v21.0/a:b@c",
    "redis://redis:6379/0",
    "postgres://shop@db/shop",
    "maria@example.com paid at 10:30",
    "pageview_3f2a EAA is short",
    "the access token is missing",
    "password authentication failed for user",
  ])("but not %j", (text) => {
    expect(redact(text)).toBe(text);
  });
});
