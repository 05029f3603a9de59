import type { Trouble } from "../ports.js";

/** From well to ill; `unknown` stands beside them: inconclusive is neither. */
export const levels = ["ok", "note", "unknown", "warning", "fault"] as const;
export type Level = (typeof levels)[number];

/** The families of checks in the order in which they are told, with their headings. */
export const families = {
  configuration: "Configuration",
  cron: "As cron would see it",
  database: "Database",
  privileges: "Privileges",
  time: "Time",
  journal: "Journal (schema purchase_fix)",
  pools: "Pools and access tokens",
  meta: "Meta",
  celery: "Celery",
  logs: "Logs",
  application: "What the application does now",
} as const;
export type Family = keyof typeof families;

/** One check of one thing: what was found, why that matters, and the very line that mends it. */
export interface Finding {
  readonly family: Family;
  /** Of the check, for scripts: it never changes. */
  readonly name: string;
  /** What was looked at, where a check looks at several; null where there is one. */
  readonly subject: string | null;
  readonly level: Level;
  readonly what: string;
  readonly why: string | null;
  readonly mend: string | null;
}

/** Words of a finding beside its name and level. */
interface Words {
  readonly what: string;
  readonly why?: string | null | undefined;
  readonly mend?: string | null | undefined;
  readonly subject?: string | null | undefined;
}

/** Makes the findings of one family. */
export function findingsOf(family: Family) {
  return (name: string, level: Level, { what, why = null, mend = null, subject = null }: Words): Finding => ({
    family,
    name,
    subject,
    level,
    what,
    why,
    mend,
  });
}

/** What could not be looked at. */
export function unknown(family: Family, name: string, { what, why, next }: Trouble): Finding {
  return findingsOf(family)(name, "unknown", { what, why, mend: next });
}

export function tally(findings: readonly Finding[]): Record<Level, number> {
  const of = (level: Level) => findings.filter((finding) => finding.level === level).length;
  return {
    ok: of("ok"),
    note: of("note"),
    unknown: of("unknown"),
    warning: of("warning"),
    fault: of("fault"),
  };
}

/** Somebody should do something. */
export function isAlarming(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === "warning" || level === "fault");
}

/** "2 rows", "1 row". */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
