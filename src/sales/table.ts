import { obstacleKinds } from "./obstacle.js";
import type { Action, Rule } from "./permissions.js";
import { actions, byObstacle, byRestraint, byVerdict } from "./permissions.js";
import { restraintKinds } from "./restraint.js";
import { verdictKinds } from "./verdict.js";

/** The first permission table, verdict × action, as Markdown for docs/verdicts.md. */
export function verdictTable(): string {
  return table(
    "verdict",
    verdictKinds.map((kind) => [kind, byVerdict[kind]]),
  );
}

/** The second one, obstacle × action. */
export function obstacleTable(): string {
  return table(
    "obstacle",
    obstacleKinds.map((kind) => [kind, byObstacle[kind]]),
  );
}

/** The third one, restraint × action. */
export function restraintTable(): string {
  return table(
    "restraint",
    restraintKinds.map((kind) => [kind, byRestraint[kind]]),
  );
}

function table(head: string, rows: readonly (readonly [string, Readonly<Record<Action, Rule>>])[]): string {
  const lines = [
    [head, ...actions],
    Array.from({ length: actions.length + 1 }, () => "---"),
    ...rows.map(([kind, rules]) => [`\`${kind}\``, ...actions.map((action) => rules[action].says)]),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
