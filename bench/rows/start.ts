import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, cpuOf, play, ratioOf, time } from "../engine/pairs.js";
import { atMost, pairsOr } from "../engine/row.js";
import { inMs } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { program } from "../ground/root.js";
import { emptyNode } from "./control.js";

export const start: Group = {
  name: "start",
  about: "--version and --help beside Node with nothing to do",
  async *play(bench) {
    for (const [word, answer] of [
      ["--version", /^\d+\.\d+\.\d+\n$/],
      ["--help", /find-stuck[\s\S]*resend[\s\S]*revert/],
    ] as const) {
      yield await pairsOr(
        `\`${word}\``,
        "`node -e 0`",
        () =>
          play(
            () => say(bench, word, answer),
            () => emptyNode(bench),
            bench.size.shortRounds,
          ),
        (pairs) => ({
          ratio: ratioOf(pairs, time),
          cpu: cpuOf(pairs),
          goal: atMost(1.5),
          figures: inMs(pairs),
        }),
      );
    }
  },
};

async function say(bench: Bench, word: string, answer: RegExp): Promise<Sample> {
  const ran = await bench.run([process.execPath, program, word]);
  check(answer.test(textOf(ran.stdout)), `${word} said something else`);
  return { ...ran, units: 1 };
}
