import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, play, ratioOf } from "../engine/pairs.js";
import { atMost, pairsOr } from "../engine/row.js";
import { textOf } from "../ground/answers.js";
import { child } from "../ground/root.js";

export const progress: Group = {
  name: "progress",
  about: "what telling a terminal of 50,000 sales a second takes of a core",
  async *play(bench) {
    yield await pairsOr(
      "progress of 50,000 sales a second on a terminal: CPU that it takes",
      "one core",
      () =>
        play(
          () => telling(bench, "terminal"),
          () => telling(bench, "file"),
          bench.size.fewRounds,
          0,
        ),
      (pairs) => ({
        // Where nothing is drawn, the loop and its sums are the same.
        ratio: ratioOf(
          pairs,
          ({ ours, beside }) => ((ours.cpuMs ?? Number.NaN) - (beside.cpuMs ?? Number.NaN)) / ours.wallMs,
        ),
        goal: atMost(0.01),
        figures: "on a terminal, less the same into a file",
      }),
    );
  },
};

async function telling(bench: Bench, where: "terminal" | "file"): Promise<Sample> {
  const seconds = bench.size.pick(1, 8);
  const ran = await bench.run([process.execPath, child("progress"), where, String(seconds)]);
  const { wallMs, cpuMs, drawn } = JSON.parse(textOf(ran.stdout)) as Record<
    "wallMs" | "cpuMs" | "drawn",
    number
  >;
  check(where === "terminal" ? drawn > 200 : drawn === 0, `${drawn} bytes were drawn on a ${where}`);
  return { wallMs, cpuMs, peakMb: ran.peakMb, units: 1 };
}
