import { describe, expect } from "vitest";
import { inShell } from "../cast/binary.js";
import { list, test } from "./fixtures.js";

/** `$?` of the program itself, not of the reader, on a line of its own. */
const into = (reader: string) => `{ "$@"; echo "exit $?" >&3; } | ${reader}`;

describe.concurrent("a reader that leaves", () => {
  test.for(["", "--json", "--jsonl"])(
    "ends find-stuck %s with 0 and without a trace of it",
    async (format, { shop }) => {
      await shop.manySales(2_500);
      const words = list(`find-stuck ${format}`);
      const { stdout, stderr } = await inShell(into("head -n 1"), words, { env: shop.env });
      expect(stdout.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).toMatch(/\nexit 0\n$/);
      expect(stderr).not.toMatch(/EPIPE|ECONNRESET|\n\s+at /);
    },
  );

  test("does not stop a command that acts: every sale is settled, and the exit code is true", async ({
    shop,
  }) => {
    const [sale, refused] = [await shop.sale(), await shop.sale()];
    await shop.fault({ fault: "event-refused", eventId: `pageview_${refused}` });
    const { stderr } = await inShell(into("true"), list("resend --hours 24 --yes"), { env: shop.env });
    expect(stderr).toMatch(/exit 1\n$/);
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [refused]: "stuck" });
    expect((await shop.attempts())?.every(({ settled }) => settled)).toBe(true);
  });

  test.for(["--help", "help exit-codes", "--version", "resend --help"])(
    "does not trouble %s",
    async (words) => {
      const { stderr } = await inShell(into("true"), list(words));
      expect(stderr).toBe("exit 0\n");
    },
  );

  test("of stderr does not trouble anybody either", async ({ shop }) => {
    const sale = await shop.sale();
    const line = `{ "$@" 2>&1 >&4; echo "exit $?" >&3; } 4>&1 | true`;
    const { stderr } = await inShell(line, list(`resend --id ${sale}`), { env: shop.env });
    expect(stderr).toBe("exit 0\n");
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
  });
});

describe.concurrent("a disk that is full", () => {
  test("is an error of its own, and what was done stays done", async ({ shop }) => {
    const sale = await shop.sale();
    const { code, stderr } = await inShell(`"$@" >/dev/full`, list(`resend --id ${sale}`), { env: shop.env });
    expect(stderr).toContain("error: the output could not be written completely\n");
    expect(stderr).toContain("what the command did before stays done");
    expect(code).toBe(2);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}` });
    expect(await shop.attempts()).toMatchObject([{ answer: "accepted", settled: true }]);
  });
});
