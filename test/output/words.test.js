import { stripVTControlCharacters } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { remember } from "../../src/redact.js";
import { atTerminal, inPipe, Keyboard, maria, reportOf, Screen, stage } from "./streams.js";
describe("Words for people", () => {
  test("go to stderr and leave stdout to the data", async () => {
    const { output, stdout, stderr } = await inPipe();
    output.say("8 sales are stuck", "warn");
    output.warn("the worker log was not read");
    expect(stderr.text).toBe("8 sales are stuck\nwarning: the worker log was not read\n");
    expect(stdout.text).toBe("");
  });
  test("fall silent with --quiet, but warnings do not", async () => {
    const { output, stderr } = await atTerminal(80, { quiet: true, color: false });
    output.say("8 sales are stuck");
    output.progress("reading").update("still reading");
    await output.chart("sales by hour", [{ label: "10h", count: 3 }]);
    output.warn("the worker log was not read");
    expect(stderr.text).toBe("warning: the worker log was not read\n");
  });
  test("tell no secret and obey no foreign control character", async () => {
    remember("token-of-pixel-1");
    const { output, stdout, stderr } = await inPipe();
    output.say("Meta said: token-of-pixel-1 is\u001b[1A wrong\nall sales were sent");
    output.warn("token-of-pixel-1");
    await output.data("select 'token-of-pixel-1\u001b[2J'\n\tfrom payments");
    expect(stderr.text).toBe("Meta said: [secret] is␛[1A wrong⏎all sales were sent\nwarning: [secret]\n");
    expect(stdout.text).toBe("select '[secret]␛[2J'\n\tfrom payments\n");
  });
  test("never fail a command when stderr has gone away", async () => {
    const { output, stdout, stderr } = await inPipe();
    stderr.destroy();
    output.say("nobody hears this");
    output.warn("nor this");
    await output.report(reportOf([maria]));
    expect(stdout.text).toContain("9445");
  });
});
describe("Progress", () => {
  test("writes nothing where stderr is no terminal, is dumb, or belongs to a build machine", async () => {
    const stages = [
      await inPipe(),
      await atTerminal(80, { env: { TERM: "dumb" } }),
      await atTerminal(80, { env: { CI: "true" } }),
    ];
    for (const { output } of stages) output.progress("reading").update("still reading");
    await new Promise((resolve) => setTimeout(resolve, 500));
    stages.forEach(({ stderr }) => expect(stderr.text).toBe(""));
  });
  test("appears on a terminal when work takes long, follows the updates, and ends with the report", async () => {
    const { output, stderr, stdout } = await atTerminal(80);
    const progress = output.progress("reading the sales");
    await vi.waitFor(() => expect(stderr.text).toContain("reading the sales"), 5_000);
    progress.update("reading \u001b[2J the journal");
    await vi.waitFor(() => expect(stderr.text).toContain("reading ␛[2J the journal"), 5_000);
    await output.report(reportOf([maria]));
    const before = stderr.text;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stderr.text).toBe(before);
    expect(before).not.toContain("\u001b[?25l");
    expect(stripVTControlCharacters(stdout.text)).toContain("9445");
  });
  test("stays away from short work, so that ora is not even loaded", async () => {
    const { output, stderr } = await atTerminal(80);
    output.progress("reading").stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(stderr.text).toBe("");
  });
  test("is ended by close, whatever the command forgot", async () => {
    const { output, stderr } = await atTerminal(80);
    output.progress("reading");
    await vi.waitFor(() => expect(stderr.text).toContain("reading"), 5_000);
    output.close();
    const before = stderr.text;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stderr.text).toBe(before);
  });
});
describe("A chart", () => {
  const bars = [
    { label: "timeout", count: 80 },
    { label: "refused", count: 10, note: "Meta" },
    { label: "none", count: 0 },
    { label: "rare", count: 1 },
  ];
  test("scales its bars to the terminal, in eighths", async () => {
    const { output, stdout, stderr } = await atTerminal(40, { color: false });
    await output.chart("Stuck sales by cause", bars);
    expect(stderr.text.split("\n")).toEqual([
      "Stuck sales by cause",
      "timeout  █████████████████████  80",
      "refused  ██▋                    10  Meta",
      "none                             0",
      "rare     ▎                       1",
      "",
    ]);
    expect(stdout.text).toBe("");
  });
  test("is ASCII where the locale is not UTF-8", async () => {
    const { output, stderr } = await atTerminal(40, { color: false, env: { LANG: "C" } });
    await output.chart("Stuck sales by cause", bars);
    expect(stderr.text).toContain("timeout  #####################  80\n");
    // oxlint-disable-next-line no-control-regex
    expect(stderr.text).toMatch(/^[\u0000-\u007f]*$/);
  });
  test("is drawn only where the report goes to a person who reads stderr too", async () => {
    const stages = [
      await inPipe(),
      await atTerminal(80, { format: "json" }),
      await stage(new Keyboard(true), new Screen(), new Screen(80)),
      await stage(new Keyboard(true), new Screen(80), new Screen()),
    ];
    for (const { output } of stages) await output.chart("Stuck sales", bars);
    stages.forEach(({ stderr }) => expect(stderr.text).toBe(""));
  });
  test("prints nothing without bars", async () => {
    const { output, stderr } = await atTerminal(80);
    await output.chart("Stuck sales", []);
    expect(stderr.text).toBe("");
  });
});
