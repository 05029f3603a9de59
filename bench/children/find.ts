import { spanOf, survey } from "../../src/acting/look.js";
import { median } from "../engine/spread.js";
import { openReading } from "./reading.js";

/* A find in a process that is warm: `node find.js "read alone|read and judged"`. Says the median of some as JSON. */

const ROUNDS = 7;
const selection = { by: "span", hours: 168 } as const;

const { reading, close } = await openReading();
const times: number[] = [];
let sales = 0;
for (let n = 0; n <= ROUNDS; n += 1) {
  const begun = performance.now();
  sales = process.argv[2] === "read alone" ? await read() : (await survey(reading, selection)).judged.length;
  // The first connects, and compiles what the others run.
  if (n > 0) times.push(performance.now() - begun);
}
process.stdout.write(JSON.stringify({ wallMs: median(times), sales }));
await close();

async function read(): Promise<number> {
  let read = 0;
  const { pages } = await reading.sales.stuck(spanOf(selection, Date.now()));
  for await (const page of pages()) read += page.length;
  return read;
}
