import { describe, expect, test } from "vitest";
import { openBodies } from "../../src/meta/bodies.js";

const MB = 2 ** 20;
const parsed = (body: Buffer): unknown => JSON.parse(body.toString("utf8"));

describe("the body of a request", () => {
  test("holds the events in their order, whatever signs they hold", () => {
    const events = ["é", "🌸", "a", "\ud800"].map((name, id) => ({ id, name }));
    const body = openBodies().of(
      events.map((event) => `{"id":${event.id},"name":"${event.name}"}`),
      'T"1',
    );
    const sent = events.with(3, { id: 3, name: "\ufffd" });
    expect(parsed(body)).toEqual({ data: sent, test_event_code: 'T"1' });
  });

  test("grows with its events", () => {
    const long = JSON.stringify("あ".repeat(3 * MB));
    expect(parsed(openBodies().of([long, '"b"', long], null))).toEqual({
      data: ["あ".repeat(3 * MB), "b", "あ".repeat(3 * MB)],
    });
  });

  test("takes memory that was given back, and nothing of what it held", () => {
    const bodies = openBodies();
    const first = bodies.of(['"a long one"', '"another"'], null);
    bodies.done(first);
    const second = bodies.of(['"b"'], null);
    expect(second.buffer).toBe(first.buffer);
    expect(parsed(second)).toEqual({ data: ["b"] });
  });

  test("never takes memory that was not given back", () => {
    const bodies = openBodies();
    const [one, two] = [bodies.of(['"a"'], null), bodies.of(['"b"'], null)];
    bodies.done(two);
    bodies.of(['"c"'], null);
    expect(parsed(one)).toEqual({ data: ["a"] });
    expect(bodies.of(['"d"'], null).buffer).not.toBe(one.buffer);
  });
});
