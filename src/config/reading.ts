import type { Problem } from "../errors.js";
import type { Form } from "./forms.js";
import { find } from "./layers.js";
import type { Found, Layer } from "./layers.js";
import { settings } from "./settings.js";
import type { Variable } from "./settings.js";

/** A configuration being read: where values may stand, and what was found wrong so far. */
export interface Reading {
  readonly layers: readonly Layer[];
  readonly problems: Problem[];
  readonly warnings: string[];
}

/** The value of a setting that has a default. */
export function usual<T>(reading: Reading, variable: Variable, flag: string | undefined, form: Form<T>): T {
  const fallback = form.read(settingOf(variable).default ?? "");
  if (fallback === null) throw new Error(`The default of ${variable} is not ${form.name}`);
  return optional(reading, variable, flag, form) ?? fallback;
}

/** The value of a setting that may be absent: null then, and where it is wrong. */
export function optional<T>(
  reading: Reading,
  variable: Variable,
  flag: string | undefined,
  form: Form<T>,
): T | null {
  const given = findGiven(reading, variable, flag);
  const value = given === null ? null : form.read(given.value);
  // Never the value itself: a token in the wrong variable would be shown.
  if (given !== null && value === null) reading.problems.push({ what: `${given.from} is not ${form.name}` });
  return value;
}

/** A flag stands above all layers. */
export function findGiven({ layers }: Reading, variable: Variable, flag: string | undefined): Found | null {
  if (flag === undefined) return find(layers, variable);
  return { value: flag.trim(), from: settingOf(variable).flag ?? variable, depth: -1 };
}

function settingOf(variable: Variable) {
  return settings.find((setting) => setting.variable === variable) ?? settings[0];
}
