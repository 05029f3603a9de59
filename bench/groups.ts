import type { Group } from "./bench.js";
import { cold } from "./rows/cold.js";
import { query } from "./rows/query.js";
import { start } from "./rows/start.js";

/** The table, from top to bottom. */
export const groups: readonly Group[] = [start, cold, query];
