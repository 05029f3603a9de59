import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { envelope, methods, type Asking, type Method } from "../../src/celery/envelope.js";

interface Sent {
  readonly body: string;
  readonly headers: { readonly clock: number; readonly expires: number };
  readonly properties: Readonly<Record<string, unknown>>;
}

const asking = fc.record({
  method: fc.constantFrom(...methods),
  mailbox: fc.uuid(),
  ticket: fc.uuid(),
  tag: fc.uuid(),
  expiresAt: fc.double({ noNaN: true, noDefaultInfinity: true }),
});

/** What Celery's own consumer reads: it dies of an object without properties, and of a body without a method. */
function read(message: string): { sent: Sent; body: Record<string, unknown> } {
  const sent = JSON.parse(message) as Sent;
  return {
    sent,
    body: JSON.parse(Buffer.from(sent.body, "base64").toString("utf8")) as Record<string, unknown>,
  };
}

describe("a question to the workers", () => {
  test("is a message that no worker dies of, whatever is asked", () => {
    fc.assert(
      fc.property(asking, (one) => {
        const { sent, body } = read(envelope(one));
        expect(sent).toEqual({
          body: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
          "content-encoding": "utf-8",
          "content-type": "application/json",
          headers: { clock: 1, expires: one.expiresAt === 0 ? 0 : one.expiresAt },
          properties: {
            delivery_mode: 2,
            delivery_info: { exchange: "celery.pidbox", routing_key: "" },
            priority: 0,
            body_encoding: "base64",
            delivery_tag: one.tag,
          },
        });
        expect(body).toEqual({
          method: one.method,
          arguments: {},
          destination: null,
          pattern: null,
          matcher: null,
          ticket: one.ticket,
          reply_to: { exchange: "reply.celery.pidbox", routing_key: one.mailbox },
        });
      }),
    );
  });

  test("only looks: the list is closed, and holds nothing that a worker obeys", () => {
    expect([...methods]).toEqual([
      "ping",
      "active",
      "reserved",
      "scheduled",
      "stats",
      "active_queues",
      "registered",
    ]);
  });

  const good: Asking = {
    method: "ping",
    mailbox: randomUUID(),
    ticket: randomUUID(),
    tag: randomUUID(),
    expiresAt: 1,
  };

  test.each([
    { method: "shutdown" as Method },
    { method: "" as Method },
    { method: undefined as unknown as Method },
    { mailbox: "celery" },
    { mailbox: `${randomUUID()}\n` },
    { ticket: "" },
    { tag: "x" },
    { expiresAt: Number.NaN },
    { expiresAt: Number.POSITIVE_INFINITY },
  ])("is not made of %j", (differing) => {
    expect(() => envelope({ ...good, ...differing })).toThrow(TypeError);
  });

  test("is not made of whatever else either", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (method, id) => {
        fc.pre(!methods.includes(method as Method));
        expect(() => envelope({ ...good, method: method as Method })).toThrow(TypeError);
        expect(() => envelope({ ...good, mailbox: id })).toThrow(TypeError);
      }),
    );
  });
});
