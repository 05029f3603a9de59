import type { Group } from "../bench.js";
import { check } from "../engine/pairs.js";
import { failed, row } from "../engine/row.js";
import { number } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { child } from "../ground/root.js";

export const verdicts: Group = {
  name: "verdicts",
  about: "verdicts per second of the pure core, without any database",
  async *play(bench) {
    const what = "verdicts, pure core";
    try {
      const count = bench.size.pick(300_000, 3_000_000);
      const ran = await bench.run([process.execPath, child("judge"), String(count)]);
      const { wallMs, kinds } = JSON.parse(textOf(ran.stdout)) as {
        wallMs: number;
        kinds: Record<string, number>;
      };
      // A third of each: see the script.
      const isRight = ["ambiguous", "delivered", "lost"].every(
        (kind) => kinds[kind] === Math.floor(count / 3),
      );
      check(isRight && Object.keys(kinds).length === 3, `other verdicts: ${JSON.stringify(kinds)}`);
      yield row(what, "", { figures: `${number((count / wallMs) * 1000)} verdicts/s` });
    } catch (error) {
      yield failed(what, "", error);
    }
  },
};
