import { describe, expect, test } from "vitest";
import type { Picture } from "../../src/context.js";
import { frame } from "../../src/output/frame.js";
import { atTerminal, inPipe, joao, maria, reportOf, type Fact, type Stage } from "./streams.js";

const pictures: readonly Picture<Fact>[] = [
  { report: reportOf([maria, joao]), lines: [{ text: "two are stuck", tone: "bad" }] },
  { report: reportOf([maria]), lines: [{ text: "one is stuck\u001b[2J", tone: "warn" }] },
];

/** Watches both pictures; Ctrl-C comes while the second is looked at for the last time. */
async function watched(stage: (signal: AbortSignal) => Promise<Stage>): Promise<Stage & { naps: number[] }> {
  const stop = new AbortController();
  const on = await stage(stop.signal);
  const naps: number[] = [];
  let at = 0;
  await on.output.watch({
    everyMs: 5_000,
    sleep: (ms) => {
      naps.push(ms);
      if (naps.length === pictures.length) stop.abort();
      return Promise.resolve();
    },
    look: () => Promise.resolve(pictures[at++] ?? { report: reportOf([]), lines: [] }),
  });
  return { ...on, naps };
}

describe("what is watched", () => {
  test("is drawn in its own place on a terminal, words first and all on one stream", async () => {
    const { stdout, stderr, naps } = await watched((signal) => atTerminal(100, { signal, color: false }));
    const frames = stdout.text.split("\u001b[H").slice(1);
    expect(stdout.text.startsWith("\u001b[2J\u001b[H")).toBe(true);
    expect(frames).toHaveLength(2);
    expect(frames[0]).toContain("João");
    expect(frames[0]).toContain("two are stuck\u001b[K\n");
    expect(frames[1]).not.toContain("João");
    // What was on the screen below is cleared, and a foreign text cannot clear anything.
    expect(frames[1]?.startsWith("one is stuck␛[2J\u001b[K\n")).toBe(true);
    expect(frames[1]?.endsWith("\u001b[K\n\u001b[J")).toBe(true);
    expect(stderr.text).toBe("");
    expect(naps).toEqual([5_000, 5_000]);
  });

  test("follows one another in a pipe, without a sign that moves a cursor", async () => {
    const { stdout, stderr } = await watched((signal) => inPipe({ signal }));
    expect(stdout.text.split("\n").filter((line) => line.startsWith("id\t"))).toHaveLength(2);
    expect(stdout.text).not.toContain("\u001b");
    expect(stderr.text).toBe("two are stuck\none is stuck␛[2J\n");
  });

  test("is a line of totals per look with --jsonl, and a document per look with --json", async () => {
    const lines = await watched((signal) => inPipe({ signal, format: "jsonl" }));
    const totals = lines.stdout.text.split("\n").filter((line) => line.includes("total"));
    expect(totals.map((line) => JSON.parse(line) as unknown)).toEqual([{ total: 2 }, { total: 1 }]);
    const documents = await watched((signal) => inPipe({ signal, format: "json" }));
    expect(documents.stdout.text.match(/^\{$/gm)).toHaveLength(2);
  });

  test("is not drawn over itself by a terminal that cannot", async () => {
    const env = { TERM: "dumb", LANG: "C.UTF-8" };
    const { stdout } = await watched((signal) => atTerminal(100, { signal, env }));
    expect(stdout.text).not.toContain("\u001b");
  });

  test("ends when its reader left", async () => {
    const stage = await inPipe();
    let looks = 0;
    await stage.output.watch<Fact>({
      everyMs: 1,
      sleep: () => Promise.resolve(),
      look: () => {
        looks += 1;
        if (looks === 2) stage.stdout.destroy();
        return new Promise((resolve) =>
          setTimeout(() => resolve({ report: reportOf([maria]), lines: [] }), 5),
        );
      },
    });
    expect(looks).toBe(2);
  });

  test("is not shown any more when the look ends after Ctrl-C", async () => {
    const stop = new AbortController();
    const { output, stdout, stderr } = await inPipe({ signal: stop.signal });
    const look = () => {
      stop.abort();
      return Promise.resolve({ report: reportOf([maria]), lines: [{ text: "late" }] });
    };
    await output.watch<Fact>({ everyMs: 1, sleep: () => Promise.resolve(), look });
    expect([stdout.text, stderr.text]).toEqual(["", ""]);
  });

  test("that fails to be looked at fails the command", async () => {
    const { output } = await inPipe();
    const look = () => Promise.reject(new Error("no broker"));
    await expect(output.watch({ everyMs: 1, sleep: () => Promise.resolve(), look })).rejects.toThrow(
      "no broker",
    );
  });
});

describe("a frame", () => {
  const lines = Array.from({ length: 30 }, (_, at) => `line ${at}`);

  test("never scrolls: what does not fit is left out, and that is said", () => {
    const shown = frame(lines, { first: false, rows: 10, columns: 80 }).split("\n");
    expect(shown.filter((line) => line.startsWith("line ") || line.includes("line 0"))).toHaveLength(8);
    expect(shown.at(-2)).toContain("more than fits");
  });

  test("counts the lines that a long one takes, and no colour", () => {
    const long = `\u001b[31m${"x".repeat(240)}\u001b[39m`;
    expect(frame([long, "end"], { first: true, rows: 8, columns: 80 })).toContain("end");
    expect(frame([long, long, "end"], { first: true, rows: 8, columns: 80 })).not.toContain("end");
  });

  test("that fits is shown whole", () => {
    expect(frame(["a", "b"], { first: true })).toBe("\u001b[2J\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J");
  });
});

describe("a warning while something is watched", () => {
  const warned = async (stage: (signal: AbortSignal) => Promise<Stage>): Promise<Stage> => {
    const stop = new AbortController();
    const on = await stage(stop.signal);
    let looks = 0;
    await on.output.watch({
      everyMs: 1_000,
      sleep: () => Promise.resolve(looks > 1 ? stop.abort() : undefined),
      look: () => {
        looks += 1;
        on.output.warn(`look ${looks}: the broker was not read`);
        return Promise.resolve({ report: reportOf([maria]), lines: [] });
      },
    });
    on.output.warn("afterwards");
    return on;
  };

  test("is part of the picture on a terminal, since the picture would be drawn over it", async () => {
    const { stdout, stderr } = await warned((signal) => atTerminal(100, { signal, color: false }));
    const frames = stdout.text.split("\u001b[H").slice(1);
    expect(frames[0]).toContain("warning: look 1: the broker was not read\u001b[K\n");
    expect(frames[1]).not.toContain("look 1");
    expect(frames[1]).toContain("warning: look 2: the broker was not read\u001b[K\n");
    expect(stderr.text).toBe("warning: afterwards\n");
  });

  test("is a line of its own in a pipe", async () => {
    const { stderr } = await warned((signal) => inPipe({ signal }));
    expect(stderr.text.match(/warning: look \d/g)).toHaveLength(2);
  });
});
