import { describe, expect, test, vi } from "vitest";
import { isYes } from "../../src/output/ask.js";
import { atTerminal, inPipe } from "./streams.js";

describe("A question", () => {
  test.each(["y", "yes", "s", "sim", "Y", "SIM", "  yes  "])("is agreed to with %j", (answer) => {
    expect(isYes(answer)).toBe(true);
  });

  test.each(["", "n", "no", "não", "yess", "yes please", "1", "true", "ok"])(
    "is refused with %j",
    (answer) => {
      expect(isYes(answer)).toBe(false);
    },
  );

  test("is put on stderr and answered on stdin", async () => {
    const { output, stdin, stdout, stderr } = await atTerminal(80);
    const answer = output.confirm("Send 8 sales (BRL 776.00) to Meta?");
    stdin.write("sim\n");
    expect(await answer).toBe(true);
    expect(stderr.text).toBe("Send 8 sales (BRL 776.00) to Meta? [y/N] ");
    expect(stdout.text).toBe("");
  });

  test("may be followed by another one", async () => {
    const { output, stdin } = await atTerminal(80);
    const first = output.confirm("Send?");
    stdin.write("y\n");
    expect(await first).toBe(true);
    const second = output.confirm("Really?");
    stdin.write("n\n");
    expect(await second).toBe(false);
  });

  test("is refused by the end of the input, and what follows begins on a line of its own", async () => {
    const { output, stdin, stderr } = await atTerminal(80);
    const answer = output.confirm("Send?");
    stdin.end();
    expect(await answer).toBe(false);
    expect(stderr.text).toBe("Send? [y/N] \n");
  });

  test("is refused by an interrupt, before and while it waits", async () => {
    const interrupt = new AbortController();
    const { output, stdin, stderr } = await atTerminal(80, { signal: interrupt.signal });
    const answer = output.confirm("Send?");
    await vi.waitFor(() => expect(stderr.text).toBe("Send? [y/N] "));
    interrupt.abort();
    expect(await answer).toBe(false);
    stdin.write("y\n");
    expect(await output.confirm("Really?")).toBe(false);
    expect(stderr.text).toBe("Send? [y/N] \r\n");
  });

  test("is never put where nobody can answer: the words stay unsaid and the answer is no", async () => {
    const { output, stdin, stderr } = await inPipe();
    stdin.write("y\n");
    expect(await output.confirm("Send?")).toBe(false);
    expect(stderr.text).toBe("");
  });

  test("tells no secret and obeys no control character of the names in it", async () => {
    const { output, stdin, stderr } = await atTerminal(80);
    const answer = output.confirm("Send to postgres://shop:hunter22@db/shop of bot \u001b[8m?");
    stdin.write("n\n");
    await answer;
    expect(stderr.text).toBe("Send to postgres://shop:[secret]@db/shop of bot ␛[8m? [y/N] ");
  });
});
