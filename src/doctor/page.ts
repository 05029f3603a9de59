import type { Item, Page, Tone } from "../context.js";
import type { SettingsFacts } from "../ports.js";
import { JSON_VERSION } from "../sales/json.js";
import type { Instant } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Family, Finding, Level } from "./finding.js";
import { count, families, tally } from "./finding.js";

const tones: Readonly<Record<Level, Tone>> = {
  ok: "good",
  note: "dim",
  unknown: "warn",
  warning: "warn",
  fault: "bad",
};

export interface Diagnosis {
  readonly now: Instant;
  readonly asCron: boolean;
  readonly settings: SettingsFacts;
  readonly findings: readonly Finding[];
}

/** The findings by family, each with its mark, and the line that mends it beneath. */
export function pageOf({ now, asCron, settings, findings }: Diagnosis): Page {
  const totals = tally(findings);
  const given = settings.settings.filter(({ value }) => value !== null);
  return {
    title: titleOf(totals),
    sections: [
      {
        title: "Settings as they hold",
        items: given.map(({ variable, value, origin }) => ({
          label: variable,
          text: `${value ?? ""} (${origin})`,
        })),
      },
      ...(Object.keys(families) as Family[]).map((family) => ({
        title: families[family],
        items: findings.filter((finding) => finding.family === family).map(itemOf),
      })),
    ].filter(({ items }) => items.length > 0),
    document: () => ({
      version: JSON_VERSION,
      command: "doctor",
      generatedAt: iso(now),
      asCron,
      settings: settings.settings.map(({ variable, value, origin }) => ({ variable, value, origin })),
      findings: findings.map(findingJson),
      totals,
    }),
  };
}

function findingJson({ family, name, subject, level, what, why, mend }: Finding) {
  return { family, name, subject, level, what, why, mend };
}

function itemOf({ name, subject, level, what, why, mend }: Finding): Item {
  const of = subject === null || what.includes(subject) ? "" : ` (${subject})`;
  const text = `${name}${of}: ${what}${why === null ? "" : ` (${why})`}`;
  return { label: level, text, tone: tones[level], command: mend };
}

function titleOf({ fault, warning, unknown }: Record<Level, number>): string {
  const told = [
    fault > 0 ? count(fault, "fault") : "",
    warning > 0 ? count(warning, "warning") : "",
    unknown > 0 ? `${unknown} not known` : "",
  ].filter((words) => words !== "");
  return told.length === 0 ? "doctor: all is well" : `doctor: ${told.join(", ")}`;
}
