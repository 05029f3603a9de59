import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Meter } from "../../src/acting/meter.js";
import { openOutput } from "../../src/output/open.js";

/*
 * Tells of a thousand sales every 20 ms, as a fast resend does: `node progress.js terminal|file SECONDS`. Says the CPU
 * that the process took once the first picture stood, and how much was drawn.
 */

const [where = "", seconds = "1"] = process.argv.slice(2);
let drawn = 0;
const sink = () =>
  Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        drawn += chunk.length;
        done();
      },
    }),
    where === "terminal"
      ? { isTTY: true, columns: 80, rows: 24, clearLine: clear, cursorTo: clear, moveCursor: clear }
      : {},
  );
function clear(): boolean {
  return true;
}

const [stdout, stderr] = [sink(), sink()];
const output = await openOutput({
  stdin: Object.assign(process.stdin, { isTTY: false as const }),
  stdout,
  stderr,
  env: { TERM: "xterm" },
  format: "tsv",
  color: false,
  quiet: false,
});
const sales = Array.from({ length: 1_000 }, (_, n) => ({ amount: `${n}.50` }));
const bar = new Meter("resend", 1_000_000, { clock: { now: () => Date.now() }, currency: "BRL" }).on(output);

async function work(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(20)) bar.add(sales, true);
}

await work(1_000);
const [begun, before] = [performance.now(), process.cpuUsage()];
await work(Number(seconds) * 1_000);
const { user, system } = process.cpuUsage(before);
const wallMs = performance.now() - begun;
bar.stop();
output.close();
process.stdout.write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1_000, drawn }));
