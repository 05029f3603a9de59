import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readMessage } from "../../../src/celery/queue/message.js";
import { mailOfCustomer, message, token, type Mail } from "../../cast/messages.js";

const read = (mail: Mail) => readMessage(JSON.parse(message(mail)), "send_meta_event");
const changed = (change: (envelope: Record<string, Record<string, unknown>>) => void, mail: Mail = {}) => {
  const envelope = JSON.parse(message(mail)) as Record<string, Record<string, unknown>>;
  change(envelope);
  return readMessage(envelope, "send_meta_event");
};
const body = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

describe("a Purchase in the broker", () => {
  test("is kept by its ids and times, and by nothing else", () => {
    const eta = "2025-11-20T10:31:00.500000-03:00";
    const mail = { taskId: "t-1", tag: "d-1", eventId: "pageview_3f", eta, retries: 2, redelivered: true };
    expect(read(mail)).toEqual({
      kind: "purchase",
      message: {
        taskId: "t-1",
        tag: "d-1",
        eventId: "pageview_3f",
        pixelId: "1234567890",
        eta: Date.UTC(2025, 10, 20, 13, 31, 0, 500),
        retries: 2,
        redelivered: true,
      },
    });
  });

  test("is found by name too", () => {
    expect(read({ inKwargs: true })).toMatchObject({
      kind: "purchase",
      message: { eventId: "pageview_3f", pixelId: "1234567890" },
    });
  });

  test("without an event id is one all the same", () => {
    expect(read({ eventId: null })).toMatchObject({ kind: "purchase", message: { eventId: null } });
  });

  test("keeps neither a token in the pixel's place nor one in the event id's", () => {
    const looksLikeOne = `EA${"A".repeat(20)}`;
    expect(read({ pixelId: token, token: "1234567890" })).toMatchObject({ message: { pixelId: null } });
    expect(read({ eventId: looksLikeOne })).toMatchObject({ kind: "purchase", message: { eventId: null } });
  });

  test("is redelivered where only its delivery says so", () => {
    const told = changed(({ properties }) => {
      if (properties) properties["delivery_info"] = { redelivered: true };
    });
    expect(told).toMatchObject({ message: { redelivered: true } });
  });

  test("with an eta without offset has none: it would be read in our own zone", () => {
    expect(read({ eta: "2025-11-20T10:31:00" })).toMatchObject({ message: { eta: null } });
  });
});

describe("no Purchase", () => {
  test("is a page view, which bears the same event id", () => {
    expect(read({ name: "PageView" }).kind).toBe("other event");
    expect(read({ name: "PageView", inKwargs: true }).kind).toBe("other event");
  });

  test("is a page view whose customer is called Purchase", () => {
    expect(read({ name: "PageView", eventId: "Purchase" }).kind).toBe("other event");
  });

  test("is another task", () => {
    expect(read({ task: "celery_app.cleanup" }).kind).toBe("other task");
    expect(read({ task: "celery_app.resend_meta_event" }).kind).toBe("other task");
  });
});

describe("what may be a Purchase and cannot be read is said to be so:", () => {
  test.each([
    ["a body that is no JSON", () => changed((envelope) => Object.assign(envelope, { body: "Purchase" }))],
    [
      "a body in another form",
      () => changed((envelope) => Object.assign(envelope, { body: body({ args: ["Purchase"] }) })),
    ],
    [
      "event data as text",
      () => changed((envelope) => Object.assign(envelope, { body: body([["1", "t", "Purchase"], {}, {}]) })),
    ],
    ["no event data", () => changed((envelope) => Object.assign(envelope, { body: body([[], {}, {}]) }))],
    ["compression", () => changed(({ headers }) => Object.assign(headers ?? {}, { compression: "gzip" }))],
    [
      "pickle",
      () =>
        changed((envelope) => Object.assign(envelope, { "content-type": "application/x-python-serialize" })),
    ],
    [
      "another encoding",
      () => changed((envelope) => Object.assign(envelope, { "content-encoding": "utf-16" })),
    ],
    ["no task id", () => changed(({ headers }) => Object.assign(headers ?? {}, { id: null }))],
    [
      "no delivery tag",
      () => changed(({ properties }) => Object.assign(properties ?? {}, { delivery_tag: null })),
    ],
    ["no headers", () => changed((envelope) => Object.assign(envelope, { headers: null }))],
    ["nothing", () => readMessage(undefined, "send_meta_event")],
  ])("%s", (_, told) => {
    expect(told().kind).toBe("undecodable");
  });
});

test("whatever a message is, nothing of token and customer passes, and nothing is thrown", () => {
  const anything = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("Purchase"));
  const part = fc.constantFrom("body", "headers", "properties", "content-type", "content-encoding");
  const property = fc.property(part, anything, fc.boolean(), (key, value, inKwargs) => {
    const envelope = JSON.parse(message({ inKwargs })) as Record<string, unknown>;
    const event = { event_name: "Purchase", token, customer: mailOfCustomer, event_id: value };
    if (key === "body") envelope[key] = body([[token, token, event, value], { event_data: event }, value]);
    else envelope[key] = value;
    const told = JSON.stringify(readMessage(envelope, "send_meta_event"));
    expect([told.includes(token), told.includes(mailOfCustomer)]).toEqual([false, false]);
  });
  fc.assert(property, { numRuns: 300 });
});
