import { parseArgs } from "node:util";
import { full, quick, tiny } from "./bench.js";
import type { Row } from "./engine/row.js";
import { failed, isNoisy } from "./engine/row.js";
import { markdown, terminalLines } from "./engine/table.js";
import { Ground } from "./ground/ground.js";
import { machine } from "./ground/machine.js";
import { groups } from "./groups.js";
import { control } from "./rows/control.js";

/*
 * The benchmark: npm run bench [-- --quick] [-- NAME …] [-- --list] [-- --markdown]
 * Exit code 1 where an answer was wrong or a row failed, whatever its speed; a goal that is missed is a figure.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tiny: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
  },
});

// Children and servers hang on our pipes, and folders go with the process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

if (values.list) {
  const width = Math.max(...groups.map(({ name }) => name.length)) + 2;
  for (const { name, about } of groups) console.log(`${name.padEnd(width)}${about}`);
} else {
  const unknown = positionals.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0)
    throw new Error(`no rows are called ${unknown.join(", ")}: see npm run bench -- --list`);
  await play(groups.filter(({ name }) => positionals.length === 0 || positionals.includes(name)));
}

async function play(chosen: typeof groups): Promise<void> {
  const begun = performance.now();
  const size = values.tiny ? tiny : values.quick ? quick : full;
  const bench = new Ground(size);
  const rows: Row[] = [];
  let noisy = false;
  const tell = (row: Row) => {
    rows.push(row);
    // With --markdown stdout is the table alone.
    (values.markdown ? console.error : console.log)(terminalLines(row, noisy));
  };
  try {
    const first = await control(bench);
    noisy = first.ratio === null || isNoisy(first.ratio);
    tell(first);
    for (const group of chosen) {
      try {
        for await (const row of group.play(bench)) tell(row);
      } catch (error) {
        tell(failed(group.name, "", error));
      }
    }
    // A machine that became busy meanwhile judges nothing either.
    const last = { ...(await control(bench)), what: "the same beside the same, once more at the end" };
    noisy ||= last.ratio === null || isNoisy(last.ratio);
    tell(last);
    const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
    const label = noisy ? " A noisy run: no goal is judged." : "";
    const caption = `${await machine(bench)} ${size.name} run, ${minutes} minutes.${label}`;
    console.log(values.markdown ? `${markdown(rows, noisy)}\n\n${caption}` : `\n${caption}`);
  } finally {
    await bench.stop();
  }
  if (rows.some(({ fault }) => fault !== null && fault.kind !== "lacking")) process.exitCode = 1;
}
