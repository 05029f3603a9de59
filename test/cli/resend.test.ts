import { describe, expect } from "vitest";
import { test } from "./fixtures.js";

describe.concurrent("resend by name", () => {
  test("takes ids and payment ids, commas and repetition, and sends each sale once", async ({ shop }) => {
    const [a, b, c, other] = [
      await shop.sale(),
      await shop.sale({ paymentId: "BOT19_1763607031_ab12cd" }),
      await shop.sale(),
      await shop.sale(),
    ];
    const { code, stderr } = await shop.run(
      `resend --id ${a},BOT19_1763607031_ab12cd --id ${c} --id ${a} --id ${b}`,
    );
    expect(await shop.states()).toEqual({
      [a]: `confirmed as pageview_${a}`,
      [b]: `confirmed as pageview_${b}`,
      [c]: `confirmed as pageview_${c}`,
      [other]: "stuck",
    });
    expect(await shop.counted()).toEqual([a, b, c].map((id) => `pageview_${id}`));
    expect(await shop.ledger()).toHaveLength(3);
    expect(stderr).toMatch(/^run [0-9a-f]{12}: confirmed 3 \(BRL 291\.00\)\n/);
    expect(code).toBe(0);
  });

  test("takes names from standard input, one a line", async ({ shop }) => {
    const [a, b, c, other] = [await shop.sale(), await shop.sale(), await shop.sale(), await shop.sale()];
    const { code } = await shop.run("resend --id -", { input: `\uFEFF${a}\r\n\r\n${b} ${c}\n` });
    expect(await shop.counted()).toEqual([a, b, c].map((id) => `pageview_${id}`));
    expect((await shop.states())[other]).toBe("stuck");
    expect(code).toBe(0);
  });

  test("sends the event that the application would: true time, amount, currency, token in the header", async ({
    shop,
  }) => {
    const sale = await shop.sale({
      amount: 19.9,
      customerPhone: "+55 (11) 98765-4321",
      customerName: "Ana Lúcia de Souza",
      extra: { customer_document: "123.456.789-09" },
    });
    await shop.run(`resend --id ${sale}`);
    const [paid] = await shop.db.query<{ at: number }>(
      "select floor(extract(epoch from paid_at at time zone 'America/Sao_Paulo'))::integer as at from payments",
    );
    const events = (await shop.ledger()).map((entry) => ({
      ...entry,
      userDataKeys: entry.userDataKeys.toSorted(),
    }));
    expect(events).toMatchObject([
      {
        eventName: "Purchase",
        eventId: `pageview_${sale}`,
        eventTime: paid?.at,
        value: 19.9,
        currency: "BRL",
        testEventCode: null,
        userDataKeys: ["em", "external_id", "fn", "ln", "ph"],
      },
    ]);
    expect(await shop.requests()).toMatchObject([{ tokenSeenIn: "header", events: 1, status: 200 }]);
  });

  test("acts on a sale that a window would leave, because naming is consent", async ({ shop }) => {
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const window = await shop.run("resend --hours 24 --yes");
    expect(window.stdout).toContain(`(allowed by --id ${young})`);
    expect(window.code).toBe(0);
    expect(await shop.states()).toEqual({ [young]: "stuck" });
    expect((await shop.run(`resend --id ${young}`)).code).toBe(0);
    expect(await shop.states()).toEqual({ [young]: `confirmed as pageview_${young}` });
  });
});

describe.concurrent("resend of a window", () => {
  test("sends what may be sent and leaves the rest, each with its reason", async ({ shop }) => {
    const plain = await shop.sale();
    const young = await shop.sale({ paidHoursAgo: 0.1 });
    const old = await shop.sale({ paidHoursAgo: 60 });
    const expired = await shop.sale({ paidHoursAgo: 24 * 7 });
    const confirmed = await shop.sale({ metaEventId: "pageview_before" });
    const { code, stdout, stderr } = await shop.run("resend --hours 500 --yes");
    expect(await shop.states()).toEqual({
      [plain]: `confirmed as pageview_${plain}`,
      [young]: "stuck",
      [old]: "stuck",
      [expired]: "stuck",
      [confirmed]: "confirmed as pageview_before",
    });
    expect(await shop.counted()).toEqual([`pageview_${plain}`]);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    expect(header).toBe("id\tpayment\tamount\tverdict\tresult\tevent_id\tbecause");
    const told = lines
      .map((line) => line.split("\t"))
      .map(([id, , , , what, , why]) => [Number(id), what, why]);
    expect(told).toEqual([
      [plain, "accepted, confirmed", "Meta received it"],
      [young, "left", expect.stringContaining("its own task may run for 20m")],
      [old, "left", expect.stringContaining("it may count twice (allowed by --accept-duplicate)")],
      [expired, "left", expect.stringContaining("paid over 7 days ago")],
    ]);
    expect(stderr).toContain("left 3 sales: 2 need a person\n");
    expect(code).toBe(1);
  });

  test("finds nothing to do the second time, and asks Meta nothing", async ({ shop }) => {
    await shop.sale();
    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    const before = await shop.snapshot();
    const again = await shop.run("resend --hours 24 --yes");
    expect(again.stderr).toBe("nothing to resend\n");
    expect(again.code).toBe(0);
    expect(await shop.requests()).toHaveLength(1);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toHaveLength(1);
  });

  test("needs --yes where nobody can be asked, and changes nothing without", async ({ shop }) => {
    await shop.sale();
    const before = await shop.snapshot();
    const { code, stdout, stderr } = await shop.run("resend --hours 24");
    expect(stdout).toBe("");
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^error: resend 1 sale \(BRL 97\.00\) of .*: this needs a yes$/),
      "  why: nobody can be asked here; nothing was changed",
      "  next: add --yes, or look first with --dry-run",
      "",
    ]);
    expect(code).toBe(2);
    expect(await shop.snapshot()).toEqual(before);
    expect(await shop.attempts()).toBeNull();
    expect(await shop.requests()).toEqual([]);
  });

  test("sends with --limit only the nearest deadlines", async ({ shop }) => {
    const [late, soon, sooner] = [
      await shop.sale({ paidHoursAgo: 3 }),
      await shop.sale({ paidHoursAgo: 10 }),
      await shop.sale({ paidHoursAgo: 20 }),
    ];
    const { code, stdout } = await shop.run("resend --hours 24 --yes --limit 2");
    expect(await shop.states()).toEqual({
      [late]: "stuck",
      [soon]: `confirmed as pageview_${soon}`,
      [sooner]: `confirmed as pageview_${sooner}`,
    });
    expect(stdout).toContain("beyond --limit 2");
    expect(code).toBe(0);
  });

  test("sends what may count twice only as far as the operator's money goes", async ({ shop }) => {
    const [cheap, dear] = [
      await shop.sale({ paidHoursAgo: 70, amount: 30 }),
      await shop.sale({ paidHoursAgo: 60, amount: 80 }),
    ];
    const { code, stdout, stderr } = await shop.run("resend --hours 100 --yes --accept-duplicate=99,90");
    expect(await shop.states()).toEqual({ [cheap]: `confirmed as pageview_${cheap}`, [dear]: "stuck" });
    expect(stdout).toContain("would exceed --accept-duplicate=99.90");
    expect(stderr).toContain("confirmed 1 (BRL 30.00)");
    expect(code).toBe(1);
    expect((await shop.run("resend --hours 100 --yes --accept-duplicate")).code).toBe(0);
    expect(await shop.counted()).toEqual([`pageview_${cheap}`, `pageview_${dear}`]);
  });

  test("gives two sales of one click two event ids, so that both count", async ({ shop }) => {
    const first = await shop.sale({ paidHoursAgo: 6, pageviewEventId: "pageview_shared" });
    const second = await shop.sale({ paidHoursAgo: 5, pageviewEventId: "pageview_shared" });
    expect((await shop.run("resend --hours 24 --yes")).code).toBe(0);
    expect(await shop.states()).toEqual({
      [first]: "confirmed as pageview_shared",
      [second]: `confirmed as purchase_${second}`,
    });
    expect(await shop.counted()).toEqual(["pageview_shared", `purchase_${second}`]);
  });
});
