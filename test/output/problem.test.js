import { describe, expect, test } from "vitest";
import { KnownError, KnownErrors } from "../../src/errors.js";
import { printError } from "../../src/output/problem.js";
import { remember } from "../../src/redact.js";
import { Screen } from "./streams.js";
const plain = { env: {}, color: undefined };
async function printed(error, screen = new Screen()) {
  await printError(screen, error, plain);
  return screen.text;
}
describe("A known error", () => {
  test("is told in three lines: what, why, next", async () => {
    const problem = {
      what: "the database refuses us",
      why: "password authentication failed",
      next: "check DATABASE_URL",
    };
    expect(await printed(new KnownError(problem))).toBe(
      "error: the database refuses us\n  why: password authentication failed\n  next: check DATABASE_URL\n",
    );
  });
  test("stays three lines though the reason has several, and shows no stack", async () => {
    const text = await printed(new KnownError({ what: "a\nb", why: "c\r\nd", next: "e\u2028f" }));
    expect(text).toBe("error: a⏎b\n  why: c⏎d\n  next: e⏎f\n");
  });
  test("may have nothing but a what", async () => {
    expect(await printed(new KnownError({ what: "no such sale" }))).toBe("error: no such sale\n");
  });
  test("is coloured on a terminal", async () => {
    expect(await printed(new KnownError({ what: "no such sale" }), new Screen(80))).toBe(
      "\u001b[31merror:\u001b[39m no such sale\n",
    );
  });
  test("tells all problems of a configuration at once", async () => {
    const text = await printed(new KnownErrors([{ what: "one" }, { what: "two", next: "mend it" }]));
    expect(text).toBe("error: one\nerror: two\n  next: mend it\n");
  });
});
describe("An unknown error", () => {
  test("is told with its stack and the stacks of its causes", async () => {
    const text = await printed(new Error("outer", { cause: new TypeError("inner") }));
    expect(text).toMatch(/^error: unexpected.*\nError: outer\n +at [^]*\ncaused by: TypeError: inner\n +at /);
  });
  test("shows why each address refused, which an AggregateError does not say itself", async () => {
    const text = await printed(
      new AggregateError([new Error("refused by ::1"), new Error("refused by 127.0.0.1")]),
    );
    expect(text).toContain("caused by: Error: refused by ::1");
    expect(text).toContain("caused by: Error: refused by 127.0.0.1");
  });
  test("keeps secrets, control characters and the driver's rows of customers to itself", async () => {
    remember("pool-token-number-7");
    const error = Object.assign(new Error("\u001b[2J bad pool-token-number-7"), {
      detail: "Failing row contains (maria@example.com)",
    });
    const text = await printed(error);
    expect(text).toContain("␛[2J bad [secret]");
    expect(text).not.toContain("maria@example.com");
  });
  test.each([[undefined], [null], ["just words"], [42], [{ odd: true }]])(
    "may be anything: %j",
    async (thrown) => {
      expect(await printed(thrown)).toMatch(/^error: unexpected.*\n.+\n$/);
    },
  );
  test("may be its own cause", async () => {
    const error = new Error("round and round");
    error.cause = error;
    expect((await printed(error)).match(/Error: round and round/g)).toHaveLength(5);
  });
  test("does not fail where stderr is gone", async () => {
    const screen = new Screen();
    screen.destroy();
    await expect(printError(screen, new Error("unheard"), plain)).resolves.toBeUndefined();
  });
});
