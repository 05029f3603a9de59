import type { Bench } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, cpuOf, play, ratioOf, time } from "../engine/pairs.js";
import type { Row } from "../engine/row.js";
import { row } from "../engine/row.js";
import { sizeOf } from "../ground/answers.js";

/** Node with nothing to do: the least that any command line in it can take. */
export async function emptyNode(bench: Bench): Promise<Sample> {
  const ran = await bench.run([process.execPath, "-e", "0"]);
  check(sizeOf(ran.stdout) === 0, "an empty program said something");
  return { ...ran, units: 1 };
}

/** The same beside the same, first of all: what comes out is the machine. */
export async function control(bench: Bench): Promise<Row> {
  const same = () => emptyNode(bench);
  const pairs = await play(same, same, Math.max(15, bench.size.shortRounds), 2);
  return row("the same beside the same (A/A control)", "`node -e 0`", {
    ratio: ratioOf(pairs, time),
    cpu: cpuOf(pairs),
    figures: "the machine itself: outside 0.95 to 1.05 no goal is judged",
  });
}
