import type { Problem } from "./errors.js";
import { KnownError, KnownErrors } from "./errors.js";
import type { Files } from "./files.js";
import type { Action } from "./sales/permissions.js";
import { actions } from "./sales/permissions.js";
import { isPositive, parseAmount } from "./sales/money.js";
import type { Rules } from "./sales/reconcile.js";
import { noRules } from "./sales/reconcile.js";

/** What the command line says of it; null where it says nothing. */
export interface RuleFlags {
  readonly file: string | null;
  readonly allow: readonly Action[] | null;
  readonly maxSales: number | null;
  readonly maxValue: string | null;
}

/** Flags over the file: its caps and `allow` give way, and what `--allow` leaves out is done for no pixel and no bot. */
export function rulesOf(flags: RuleFlags, files: Pick<Files, "read">): Rules {
  const file = flags.file === null ? noRules : readPolicy(flags.file, files);
  const { allow } = flags;
  const narrowed = (rules: Rules["pixels"]): Rules["pixels"] =>
    allow === null
      ? rules
      : new Map([...rules].map(([name, list]) => [name, list.filter((action) => allow.includes(action))]));
  return {
    allow: allow ?? file.allow,
    pixels: narrowed(file.pixels),
    bots: narrowed(file.bots),
    maxSales: flags.maxSales ?? file.maxSales,
    maxValue: flags.maxValue ?? file.maxValue,
  };
}

type Json = Readonly<Record<string, unknown>>;

/** @throws KnownErrors with everything that is wrong with it, so that it is mended in one go */
export function readPolicy(path: string, files: Pick<Files, "read">): Rules {
  const text = files.read(path);
  if (text === null)
    throw new KnownError({
      what: `The policy file ${path} cannot be read`,
      why: "it is not there, or this user may not read it; nothing was changed",
      next: "check --policy: a relative path begins at the working directory",
    });
  const problems: Problem[] = [];
  const reader = new Reader(path, problems);
  const rules = reader.rules(parsed(text, path));
  if (problems.length > 0) throw new KnownErrors(problems);
  return rules;
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    throw new KnownError({
      what: `The policy file ${path} is no JSON`,
      why: "nothing was changed",
      next: 'write it like {"allow": ["confirm", "resend"], "maxSales": 200, "maxValue": "5000.00"}',
    });
  }
}

/** Reads the document, and notes what is wrong instead of stopping at the first. */
class Reader {
  readonly #path: string;
  readonly #problems: Problem[];

  constructor(path: string, problems: Problem[]) {
    this.#path = path;
    this.#problems = problems;
  }

  rules(value: unknown): Rules {
    const root = this.#object(value, "policy", ["allow", "maxSales", "maxValue", "pixels", "bots"]) ?? {};
    const list = (key: "pixels" | "bots", isName: (name: string) => boolean, form: string) =>
      new Map(
        Object.entries(this.#entries(root[key], key)).map(([name, rule]) => {
          const where = `${key}.${name}`;
          if (!isName(name)) this.#wrong(where, `the name is not ${form}`);
          const known = this.#object(rule, where, ["allow"]);
          return [name, known === null ? [] : this.#allow(known["allow"], `${where}.allow`)] as const;
        }),
      );
    return {
      allow: root["allow"] === undefined ? noRules.allow : this.#allow(root["allow"], "allow"),
      pixels: list("pixels", (name) => /^\d{1,20}$/.test(name), "a pixel id (digits only)"),
      bots: list("bots", (name) => name.trim() !== "", "a bot's id or name"),
      maxSales: this.#maxSales(root["maxSales"]),
      maxValue: this.#maxValue(root["maxValue"]),
    };
  }

  #object(value: unknown, where: string, keys: readonly string[]): Json | null {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.#wrong(where, "it is no object");
      return null;
    }
    for (const key of Object.keys(value))
      if (!keys.includes(key)) this.#wrong(`${where}: ${key}`, `it is no known key: ${keys.join(", ")}`);
    return value as Json;
  }

  #entries(value: unknown, where: string): Json {
    if (value === undefined) return {};
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
    this.#wrong(where, "it is no object");
    return {};
  }

  #allow(value: unknown, where: string): readonly Action[] {
    if (Array.isArray(value) && value.every((one) => actions.some((action) => action === one)))
      return actions.filter((action) => value.includes(action));
    this.#wrong(where, `it is no list of ${actions.join(", ")} ([] leaves the sales alone)`);
    return [];
  }

  #maxSales(value: unknown): number | null {
    if (value === undefined) return null;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
    this.#wrong("maxSales", "it is no whole number from 1");
    return null;
  }

  #maxValue(value: unknown): string | null {
    if (value === undefined) return null;
    const amount = typeof value === "string" && /^\d+(\.\d{1,2})?$/.test(value) ? parseAmount(value) : null;
    if (amount !== null && isPositive(amount)) return amount;
    this.#wrong("maxValue", 'it is no amount above 0, written as text: "5000.00"');
    return null;
  }

  #wrong(where: string, why: string): void {
    const what = `The policy file ${this.#path} has a wrong ${where}`;
    this.#problems.push({ what, why: `${why}; nothing was changed`, next: "mend it, and run again" });
  }
}
