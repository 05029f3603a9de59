import type { Group } from "./bench.js";
import { cold } from "./rows/cold.js";
import { lines } from "./rows/lines.js";
import { logs } from "./rows/logs.js";
import { neighbour } from "./rows/neighbour.js";
import { progress } from "./rows/progress.js";
import { query } from "./rows/query.js";
import { resend } from "./rows/resend.js";
import { revert } from "./rows/revert.js";
import { send } from "./rows/send.js";
import { start } from "./rows/start.js";
import { verdicts } from "./rows/verdicts.js";

/** The table, from top to bottom. */
export const groups: readonly Group[] = [
  start,
  cold,
  query,
  lines,
  revert,
  send,
  resend,
  logs,
  progress,
  verdicts,
  neighbour,
];
