// A command as small as can be, run by pipe.test.ts in a process of its own: prints a report and says how it ended.
// Arguments: the compiled output module, the format, the number of rows, and "acting" for a command that has work to do after.
import { pathToFileURL } from "node:url";

const [, , compiled, format, rows, kind] = process.argv;
const { openOutput } = await import(pathToFileURL(`${compiled}/output/open.js`).href);
const { watchPipe } = await import(pathToFileURL(`${compiled}/output/pipe.js`).href);
const { printError } = await import(pathToFileURL(`${compiled}/output/problem.js`).href);

const { stdin, stdout, stderr, env } = process;
const list = Array.from({ length: Number(rows) }, (_, id) => ({ id, name: `bot ${id} ção` }));
const output = await openOutput({ stdin, stdout, stderr, env, format, color: undefined, quiet: false });
try {
  await output.report({
    columns: [
      { title: "Id", value: (row) => String(row.id) },
      { title: "Name", value: (row) => row.name },
    ],
    rows: list,
    document: () => list,
    lines: () => list,
  });
  if (kind === "acting") {
    await output.report({ columns: [], rows: [], document: () => list, lines: () => list });
    output.say("the work was finished");
  }
  output.say(watchPipe(stdout).closed ? "the reader left" : "everything was written");
} catch (error) {
  await printError(stderr, error, { env, color: undefined });
  process.exitCode = error.exitCode ?? 99;
}
