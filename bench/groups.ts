import type { Group } from "./bench.js";
import { start } from "./rows/start.js";

/** The table, from top to bottom. */
export const groups: readonly Group[] = [start];
