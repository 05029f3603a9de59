import { once } from "node:events";
import { parseArgs } from "node:util";
import { printError } from "../src/output/problem.js";
import type { Stage } from "./stage.js";
import { setStage } from "./stage.js";
import { StoryFailure, tell } from "./story.js";

const usage = `npm run demo             tells the incident, and leaves nothing running
npm run demo -- --keep   keeps the shop, its logs and the stand-in for Meta until Ctrl-C, to type the commands by hand
`;

/** Exit codes of a shell for a signal that ended the program. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const keep = wish();
  if (keep === null) return 2;
  const stop = new AbortController();
  let code = 0;
  for (const [name, value] of Object.entries(signals)) {
    process.on(name, () => {
      // At the second signal nothing is awaited: both servers end by themselves when this process does.
      if (stop.signal.aborted) process.exit(value);
      code = value;
      stop.abort();
    });
  }
  // Whoever reads this has had enough (`| head`).
  process.stdout.on("error", () => stop.abort());
  const stage = await setStage(stop.signal).catch((error: unknown) => error as Error);
  if (stage instanceof Error) return stop.signal.aborted ? code : await fail(stage);
  try {
    await (keep ? wait(stage, stop.signal) : tell(stage, say, stop.signal));
    return 0;
  } catch (error) {
    return stop.signal.aborted ? code : await fail(error);
  } finally {
    await stage.strike();
  }
}

/** Whether to keep both up; null where the command line makes no sense. */
function wish(): boolean | null {
  try {
    return parseArgs({ options: { keep: { type: "boolean", default: false } } }).values.keep;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return null;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function fail(error: unknown): Promise<number> {
  if (error instanceof StoryFailure) process.stderr.write(`\nThe story does not hold:\n${error.message}\n`);
  else await printError(process.stderr, error, { env: process.env, color: undefined });
  return 1;
}

/** Says how to use what is up, and waits until Ctrl-C. */
async function wait({ settings, folder }: Stage, signal: AbortSignal): Promise<void> {
  const logs = { PURCHASE_FIX_EVIDENCE_LOGS: `${folder}/logs/*.log*` };
  const exports = Object.entries({ ...settings, ...logs }).map(
    ([name, value]) => `export ${name}='${value}'`,
  );
  say(`The shop and the stand-in for Meta are up, with the incident in them, and the application's logs of it. In
another terminal, in this folder:

${exports.join("\n")}

node bin/purchase-fix.js find-stuck
node bin/purchase-fix.js confirm --hours 24 --dry-run
node bin/purchase-fix.js resend --hours 24 --dry-run
node bin/purchase-fix.js resend --id 9445
node bin/purchase-fix.js journal

What Meta counts:  curl -s ${settings.META_GRAPH_URL}/_admin/state
Every event:       curl -s ${settings.META_GRAPH_URL}/_admin/ledger
The shop:          psql "$DATABASE_URL"

The logs:          less ${folder}/logs/gunicorn.log   (without them: unset PURCHASE_FIX_EVIDENCE_LOGS)

Ctrl-C here ends all, and leaves nothing behind.`);
  if (!signal.aborted) await once(signal, "abort");
}
