import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/*
 * The walls between the parts of src, read off the import statements. The linter knows most of them too; this test
 * knows which imports are of types alone, and that nobody switched a rule off.
 */

const root = fileURLToPath(new URL("../src", import.meta.url));

/** What the files of a part may import beside Node's own modules and, but for commands, one another. `type:` is for types only. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  sales: [],
  acting: ["sales", "ports", "type:context", "errors", "redact", "held"],
  // Facts in, findings out: what is told a person lies in the types of the output.
  doctor: ["sales", "type:ports", "type:context"],
  commands: ["sales", "acting", "doctor", "errors", "type:context", "type:ports"],
  queries: ["sales", "errors", "redact", "deadline", "ports", "type:context", "connection"],
  meta: ["sales", "errors", "redact", "deadline", "ports", "type:context"],
  celery: ["sales", "errors", "redact", "deadline", "ports", "type:context"],
  evidence: ["sales", "errors", "redact", "deadline", "ports", "type:context"],
  tracking: ["sales", "errors", "redact", "deadline", "ports", "type:context"],
  outlets: ["sales", "errors", "redact", "ports", "type:config"],
  output: ["sales", "errors", "redact", "type:ports", "type:context", "held"],
  connection: ["errors", "redact", "type:files"],
  config: ["errors", "redact", "type:files", "connection"],
  // The composition root's own rooms: they make what the others are handed.
  open: [
    "sales",
    "errors",
    "redact",
    "ports",
    "type:context",
    "type:config",
    "queries",
    "meta",
    "celery",
    "evidence",
    "tracking",
    "outlets",
    "connection",
  ],
  ports: ["type:sales"],
  context: ["type:ports", "type:acting", "type:sales"],
  errors: [],
  held: ["type:context"],
  redact: [],
  deadline: [],
};

/** Parts that do no input or output of their own: Node's modules stay outside. */
const pure = new Set(["sales", "acting", "doctor", "commands", "ports", "context"]);

/** The one home of each library. */
const homes: Readonly<Record<string, RegExp>> = {
  commander: /^(program|options|unattended|values|main)\.ts$/,
  pg: /^queries\//,
  postgres: /^queries\//,
  undici: /^(meta|outlets)\//,
  chalk: /^output\//,
  "cli-table3": /^output\//,
  ora: /^output\//,
  "@redis/client": /^celery\//,
};

/** Words that no code may contain, and the one file that may. */
const forbidden: readonly (readonly [string, RegExp, string | null])[] = [
  ["console", /\bconsole\s*[.[]/, null],
  ["process.exit", /\bprocess\s*\.\s*exit\s*\(/, null],
  ["process.env", /\bprocess\s*\.\s*env\b/, "main.ts"],
];

const longest = 150;

/** Files that may be longer, with the most that they may have: each is one thing that would be worse in two. */
const longer: Readonly<Record<string, readonly [number, string]>> = {
  "ports.ts": [240, "all ports, so that a double of the outside world is written from one page"],
  "context.ts": [280, "all that a command may be handed, on one page"],
  "program.ts": [190, "the table of contents: one paragraph per command"],
  "options.ts": [185, "all options, so that one description serves every command"],
  "bodies.ts": [175, "what each command does with its options, side by side"],
  "values.ts": [175, "what a value on the command line may look like"],
  "output/open.ts": [210, "the only way to the user, in each of its forms"],
  "acting/reconcile-run.ts": [160, "an unattended run from its window to its note, read from top to bottom"],
  "acting/lane.ts": [175, "the table of answers, and the breaker that reads the same answers"],
  "config.ts": [170, "the whole configuration on one page"],
  "connection.ts": [175, "what libpq means by a URL and PG*, in one resolver"],
  "output/table.ts": [190, "one table, in its three widths"],
  "queries/evidence.ts": [175, "evidence is read in one pass, and siblings need the journal of the others"],
};

interface Import {
  readonly target: string;
  readonly types: boolean;
}

function importsOf(source: string): Import[] {
  const statements = source.matchAll(
    /^\s*(?:import|export)\s+(?:(type)\s)?(?:([^;"']*?)\sfrom\s+)?["']([^"']+)["']/gm,
  );
  const lazy = source.matchAll(/\b(?:import|require)\s*\(\s*["'`]([^"'`]+)["'`]/g);
  return [
    ...[...statements].map(([, type, names = "", target = ""]) => ({
      target,
      types: type === "type" || /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(names.trim()),
    })),
    ...[...lazy].map(([, target = ""]) => ({ target, types: false })),
  ];
}

/** `sales/verdict.ts` is of sales, `connection.ts` of connection. */
function partOf(file: string): string {
  return file.replace(/\.ts$/, "").split("/")[0] ?? file;
}

/** What a file breaks, in words. Empty where it keeps the walls. */
function breaches(file: string, source: string): string[] {
  const part = partOf(file);
  const found = importsOf(source).flatMap((imported) => {
    const { target } = imported;
    if (target.startsWith(".")) return crosses(file, part, imported);
    if (target.startsWith("node:") || builtinModules.includes(target)) {
      return pure.has(part) ? [`${part} does no input or output: ${target}`] : [];
    }
    const home = homes[target];
    if (!home) return [`unknown library: ${target}`];
    return home.test(file) ? [] : [`${target} is not at home here`];
  });
  const code = withoutComments(source);
  const words = forbidden
    .filter(([, pattern, home]) => file !== home && pattern.test(code))
    .map(([word]) => `${word} is used`);
  return [...found, ...words, ...tooLong(file, source)];
}

function crosses(file: string, part: string, { target, types }: Import): string[] {
  const other = posix.join(dirname(file), target).replace(/\.js$/, ".ts");
  const allowed = mayImport[part];
  if (allowed === undefined || (part === partOf(other) && part !== "commands")) return [];
  if (other.startsWith("..")) return [`leaves src: ${target}`];
  if (allowed.includes(partOf(other)) || (types && allowed.includes(`type:${partOf(other)}`))) return [];
  return [`${part} imports ${types ? "a type of " : ""}${other}`];
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/(^|[^:"'`\\])\/\/.*$/gm, "$1");
}

function tooLong(file: string, source: string): string[] {
  const lines = source.trimEnd().split("\n").length;
  const comments = (source.match(/\/\*[^]*?\*\/|\/\/.*$/gm) ?? []).join("\n");
  const most = /over 150 lines/i.test(comments) ? Infinity : (longer[file]?.[0] ?? longest);
  return lines > most ? [`${lines} lines, and no word on why`] : [];
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => file.endsWith(".ts"));

describe("every file of src keeps the walls", () => {
  test.each(files)("%s", (file) => {
    expect(breaches(file, readFileSync(join(root, file), "utf8"))).toEqual([]);
  });

  test("the list of files is not empty, and knows every part", () => {
    const parts = new Set(files.map(partOf));
    for (const part of ["sales", "acting", "commands", "queries", "meta", "celery", "output"])
      expect(parts).toContain(part);
    expect(files.length).toBeGreaterThan(50);
  });

  test("every folder of src has its walls here", () => {
    const folders = files.filter((file) => file.includes("/")).map(partOf);
    expect(folders.filter((folder) => !(folder in mayImport))).toEqual([]);
  });
});

describe("a wall that is broken is noticed", () => {
  test.each([
    ["sales/verdict.ts", 'import { KnownError } from "../errors.js";', "sales imports errors.ts"],
    ["sales/verdict.ts", 'import type { Claim } from "../ports.js";', "sales imports a type of ports.ts"],
    ["sales/verdict.ts", 'import { readFileSync } from "node:fs";', "sales does no input or output: node:fs"],
    ["sales/verdict.ts", 'import { hash } from "crypto";', "sales does no input or output: crypto"],
    ["acting/send.ts", 'import { openGraph } from "../meta/client.js";', "acting imports meta/client.ts"],
    [
      "acting/send.ts",
      'import type { Tx } from "../queries/database.js";',
      "acting imports a type of queries/database.ts",
    ],
    ["acting/send.ts", 'import { anything } from "../context.js";', "acting imports context.ts"],
    ["commands/resend.ts", 'import { revert } from "./revert.js";', "commands imports commands/revert.ts"],
    [
      "commands/resend.ts",
      'const { open } = await import("../queries/open.js");',
      "commands imports queries/open.ts",
    ],
    ["commands/resend.ts", 'import { LeaseLost } from "../ports.js";', "commands imports ports.ts"],
    ["commands/resend.ts", 'import { resolve } from "../config.js";', "commands imports config.ts"],
    [
      "queries/sales.ts",
      'import { isPixelId } from "../meta/shipping.js";',
      "queries imports meta/shipping.ts",
    ],
    ["queries/sales.ts", 'export * from "../celery/answers.js";', "queries imports celery/answers.ts"],
    ["meta/client.ts", 'import { visible } from "../output/visible.js";', "meta imports output/visible.ts"],
    [
      "outlets/ping.ts",
      'import { exchange } from "../meta/exchange.js";',
      "outlets imports meta/exchange.ts",
    ],
    [
      "outlets/ping.ts",
      'import { safeLine } from "../output/visible.js";',
      "outlets imports output/visible.ts",
    ],
    ["output/open.ts", 'import { notify } from "../outlets/notify.js";', "output imports outlets/notify.ts"],
    ["celery/inspect.ts", 'import "../tracking/redis.js";', "celery imports tracking/redis.ts"],
    [
      "output/table.ts",
      'import {\n  a,\n  b,\n} from "../acting/words.js";',
      "output imports acting/words.ts",
    ],
    ["ports.ts", 'import { judge } from "./sales/verdict.js";', "ports imports sales/verdict.ts"],
    ["errors.ts", 'import { iso } from "./sales/time.js";', "errors imports sales/time.ts"],
    ["config/layers.ts", 'import { open } from "../queries/open.js";', "config imports queries/open.ts"],
    [
      "queries/sales.ts",
      'import { truth } from "../../test/cast/sales.js";',
      "leaves src: ../../test/cast/sales.js",
    ],
    ["queries/sales.ts", 'import { request } from "undici";', "undici is not at home here"],
    ["meta/client.ts", 'import type { Sql } from "postgres";', "postgres is not at home here"],
    ["open.ts", 'import { Client } from "pg";', "pg is not at home here"],
    [
      "tracking/read.ts",
      'import { createClient } from "@redis/client";',
      "@redis/client is not at home here",
    ],
    ["commands/resend.ts", 'import { Option } from "commander";', "commander is not at home here"],
    ["session.ts", 'const { Chalk } = await import("chalk");', "chalk is not at home here"],
    ["queries/sales.ts", 'import _ from "lodash";', "unknown library: lodash"],
    ["commands/resend.ts", 'console.log("done");', "console is used"],
    ["main.ts", "process.exit(1);", "process.exit is used"],
    ["open.ts", 'const url = process.env["DATABASE_URL"];', "process.env is used"],
    ["open.ts", "// a line\n".repeat(151), "151 lines, and no word on why"],
    ["ports.ts", "// a line\n".repeat(241), "241 lines, and no word on why"],
  ])("%s: %s", (file, source, breach) => {
    expect(breaches(file, source)).toEqual([breach]);
  });

  test.each([
    ["sales/verdict.ts", 'import { age } from "./time.js";'],
    ["acting/send.ts", 'import type { Output } from "../context.js";'],
    ["commands/resend.ts", 'import { type Sender, type Clock } from "../ports.js";'],
    ["commands/resend.ts", 'import { send } from "../acting/send.js";'],
    ["outlets/post.ts", 'import { Client } from "undici";'],
    ["outlets/open.ts", 'import type { OutletSettings } from "../config.js";'],
    ["queries/witness.ts", 'import { connectPg } from "../connection/drivers.js";'],
    ["open.ts", 'const queries = await import("./queries/open.js");'],
    ["program.ts", 'import { Command } from "commander";'],
    ["main.ts", "const { env } = process; const all = process.env;"],
    ["open.ts", "// the console of process.env and process.exit() stays out\nconst exit = process.exitCode;"],
    ["open.ts", `/** Over 150 lines, because. */\n${"const a = 1;\n".repeat(200)}`],
    ["ports.ts", "// a line\n".repeat(240)],
  ])("and what is allowed is not: %s: %s", (file, source) => {
    expect(breaches(file, source)).toEqual([]);
  });
});
