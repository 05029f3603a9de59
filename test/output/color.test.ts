import { describe, expect, test } from "vitest";
import { loadPaint, showsUnicode, wantsColor } from "../../src/output/color.js";
import { atTerminal, Keyboard, maria, reportOf, Screen, stage } from "./streams.js";

const terminal = { isTTY: true };
const pipe = { isTTY: false };

describe("Colour", () => {
  const matrix: [string, Record<string, string>, boolean | undefined, boolean, boolean][] = [
    ["nothing said", {}, undefined, true, false],
    ["--no-color", { FORCE_COLOR: "1" }, false, false, false],
    ["--color", { NO_COLOR: "1", TERM: "dumb" }, true, true, true],
    ["NO_COLOR", { NO_COLOR: "1" }, undefined, false, false],
    ["NO_COLOR with any text", { NO_COLOR: "0" }, undefined, false, false],
    ["an empty NO_COLOR, which says nothing", { NO_COLOR: "" }, undefined, true, false],
    ["FORCE_COLOR", { FORCE_COLOR: "1" }, undefined, true, true],
    ["FORCE_COLOR=true", { FORCE_COLOR: "true", TERM: "dumb" }, undefined, true, true],
    ["FORCE_COLOR=0", { FORCE_COLOR: "0" }, undefined, false, false],
    ["FORCE_COLOR=false", { FORCE_COLOR: "false" }, undefined, false, false],
    ["an empty FORCE_COLOR, which says nothing", { FORCE_COLOR: "" }, undefined, true, false],
    [
      "NO_COLOR and FORCE_COLOR: plain text breaks nothing",
      { NO_COLOR: "1", FORCE_COLOR: "1" },
      undefined,
      false,
      false,
    ],
    ["TERM=dumb", { TERM: "dumb" }, undefined, false, false],
    ["TERM=xterm", { TERM: "xterm" }, undefined, true, false],
  ];
  test.each(matrix)("with %s", (_, env, color, onTerminal, inPipe) => {
    expect(wantsColor(terminal, { env, color })).toBe(onTerminal);
    expect(wantsColor(pipe, { env, color })).toBe(inPipe);
  });

  test("is decided for each stream alone: a redirected stderr stays plain beside a coloured table", async () => {
    const { output, stdout, stderr } = await stage(new Keyboard(true), new Screen(80), new Screen());
    await output.report(reportOf([maria]));
    output.say("all is well", "good");
    expect(stdout.text).toContain("\u001b[1mId");
    expect(stderr.text).toBe("all is well\n");
  });

  test("marks every tone differently, and leaves a text without tone alone", async () => {
    const paint = await loadPaint(true);
    const tones = (["good", "warn", "bad", "dim", "strong"] as const).map((tone) => paint("x", tone));
    expect(new Set(tones).size).toBe(5);
    expect(paint("x", undefined)).toBe("x");
    expect((await loadPaint(false))("x", "bad")).toBe("x");
  });

  test("is asked for by --color even where TERM is dumb", async () => {
    const { output, stderr } = await atTerminal(80, { color: true, env: { TERM: "dumb" } });
    output.say("careful", "bad");
    expect(stderr.text).toBe("\u001b[31mcareful\u001b[39m\n");
  });
});

describe("Characters beyond ASCII", () => {
  test("follow LC_ALL, then LC_CTYPE, then LANG", () => {
    expect(showsUnicode({ LANG: "pt_BR.UTF-8" })).toBe(true);
    expect(showsUnicode({ LANG: "C.utf8" })).toBe(true);
    expect(showsUnicode({ LANG: "pt_BR.UTF-8", LC_ALL: "C" })).toBe(false);
    expect(showsUnicode({ LANG: "C", LC_CTYPE: "en_US.UTF-8" })).toBe(true);
    expect(showsUnicode({ LANG: "pt_BR.ISO-8859-1" })).toBe(false);
    expect(showsUnicode({})).toBe(false);
  });
});
