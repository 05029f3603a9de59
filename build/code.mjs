// The last part of `npm run build`: what V8 makes of the program's chunks while real commands run, so that bin/load.js
// need not have it made at every start (docs/decisions/0023). They run on the demo's shop and its stand-in for Meta.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codes } from "../bin/load.js";
import { environment } from "../dist/demo/command.js";
import { setStage } from "../dist/demo/stage.js";

const noting = fileURLToPath(new URL("noting.cjs", import.meta.url));
const hours = ["--hours", "24"];
const logs = ["--evidence-log", "logs/*.log*"];
/** Of a broker there is none: what speaks to it is loaded, and finds nobody. */
const broker = { CELERY_BROKER_URL: "redis://127.0.0.1:1/0" };

/** Each adds the functions that it calls to those of the ones before it. */
const commands = [
  ["find-stuck", ...hours],
  ["find-stuck", ...hours, "--jsonl"],
  ["find-stuck", ...hours, "--json", ...logs],
  ["resend", ...hours, "--dry-run"],
  ["confirm", ...hours, ...logs, "--yes"],
  ["resend", ...hours, ...logs, "--yes"],
  ["revert", ...hours, "--dry-run"],
  ["reconcile", ...hours, "--dry-run"],
  ["explain", "9445"],
  ["report"],
  ["journal"],
  ["doctor"],
];

rmSync(codes, { recursive: true, force: true });
const stage = await setStage(new AbortController().signal).catch((error) => error);
if (stage instanceof Error) {
  // The program is the same without it, and slower.
  process.stderr.write(`No code was made of the program, since no shop could be set up: ${stage.message}\n`);
} else {
  mkdirSync(codes, { recursive: true });
  try {
    for (const words of commands) {
      note(words, stage);
      // On a terminal others of our functions print.
      note(words, stage, { PRETEND_TERMINAL: "1" });
    }
    note(["find-stuck", ...hours], stage, broker);
  } finally {
    await stage.strike();
  }
}

function note(words, { settings, folder }, more = {}) {
  const env = { ...environment(settings), ...more };
  const { status, stderr } = spawnSync(process.execPath, [noting, ...words], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  // How it ends is the tests' matter, and 2 may come of a machine that is busy.
  if (status === null || status > 2) throw new Error(`${words.join(" ")} ended with ${status}: ${stderr}`);
}
