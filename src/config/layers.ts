import { resolve } from "node:path";
import { parseEnv } from "node:util";
import type { Problem } from "../errors.js";
import type { Files } from "../files.js";
import { settings } from "./settings.js";
import type { Variable } from "./settings.js";

/** Variables of one place; the first layer that has one wins. */
export interface Layer {
  readonly name: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** A value, the words for where it stands, and how far down (a flag is above all layers). */
export interface Found {
  readonly value: string;
  readonly from: string;
  readonly depth: number;
}

/** An empty variable counts as none, as in most shells' `${NAME:-default}`. */
export function find(layers: readonly Layer[], variable: Variable): Found | null {
  const depth = layers.findIndex(({ values }) => (values[variable] ?? "").trim() !== "");
  const layer = layers[depth];
  const value = layer?.values[variable];
  if (layer === undefined || value === undefined) return null;
  return { value: value.trim(), from: depth === 0 ? variable : `${variable} (${layer.name})`, depth };
}

/** One record of all layers, for what reads many variables at once. */
export function flatten(layers: readonly Layer[]): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const { values } of layers.toReversed()) {
    for (const [name, value] of Object.entries(values)) if (value) flat[name] = value;
  }
  return flat;
}

/** The layer of `.env`, empty where there is none; a file that was asked for must be there. */
export function dotenvLayer(
  asked: string | undefined,
  at: { cwd: string; files: Files },
  findings: { problems: Problem[]; warnings: string[] },
): Layer {
  const name = asked ?? ".env";
  const text = at.files.read(resolve(at.cwd, name));
  if (text === null && asked !== undefined) {
    findings.problems.push({ what: `--env-file ${asked} is missing or cannot be read` });
  }
  const plain = (text ?? "").replace(/^\uFEFF/, "");
  findings.warnings.push(...differences(plain, name));
  return { name, values: parseEnv(plain) };
}

/** Where Node reads a line otherwise than python-dotenv, which reads the same file for the application. */
function differences(text: string, file: string): string[] {
  return settings.flatMap(({ variable }) => {
    const line = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[ \\t]*(.*)$`, "m").exec(text);
    const value = line?.[1] ?? "";
    if (/^[^"'`\s#][^#]*(?<!\s)#/.test(value)) {
      return [`${variable} in ${file} ends before its #: put the value in quotes`];
    }
    return /^[^']*\$\{/.test(value)
      ? [`${variable} in ${file} holds \${…}, which is not filled in here`]
      : [];
  });
}
