import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { settings } from "../../src/config/settings.js";
import { exitCodesHelp } from "../../src/help.js";
import { buildProgram } from "../../src/program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const readme = read("README.md");

describe("README.md", () => {
  test("tells of commands, settings and exit codes what the built program tells; if not: npm run docs", () => {
    const generator = join(root, "docs/readme.mjs");
    expect(readme).toBe(execFileSync(process.execPath, [generator, "--print"], { encoding: "utf8" }));
  });

  test("mentions every command and every option", () => {
    const { commands } = buildProgram("0.0.0", async () => undefined);
    for (const command of commands) {
      expect(readme).toMatch(new RegExp(`^ {2}${command.name()} \\[`, "m"));
      for (const { flags } of command.options) expect(readme).toContain(`  ${flags}  `);
    }
    expect(commands.length).toBeGreaterThan(6);
  });

  test("mentions every setting", () => {
    for (const { variable } of settings) expect(readme).toContain(`\`${variable}\``);
  });

  test("mentions every exit code", () => {
    for (const [line] of exitCodesHelp.matchAll(/^ {2}\d+ .*$/gm)) expect(readme).toContain(line);
  });

  test("has the very lines of docs/deploy/crontab", () => {
    const lines = (text: string) => text.match(/^\*\S* .* purchase-fix .*$/gm);
    expect(lines(readme)).toEqual(lines(read("docs/deploy/crontab")));
    expect(lines(readme)).toHaveLength(2);
  });

  test("has the heading that errors of the program point to", () => {
    expect(readme).toContain("\n## Privileges\n");
  });
});

describe("every Markdown file", () => {
  const files = markdownFiles(root);

  test.each(files)("%s: each relative link leads to a file, and to a heading of it", (file) => {
    expect(linksOf(file).filter((link) => !resolves(file, link))).toEqual([]);
  });

  test.each(files)("%s says nothing of where this project was planned", (file) => {
    expect(read(file)).not.toMatch(/\.\.\/shared|\/work\//);
  });

  test("is found: the lists above are not empty", () => {
    expect(files).toContain("README.md");
    expect(files).toContain("docs/operating.md");
    expect(linksOf("README.md")).toContain("docs/verdicts.md");
  });
});

describe("CONTRIBUTING.md", () => {
  test("has a line for every folder of the house", () => {
    const text = read("CONTRIBUTING.md");
    for (const name of ["bin", "demo", "docs", "src", "test"]) {
      expect(text).toContain(`\n${name}/`);
      for (const folder of foldersIn(name)) expect(text).toMatch(new RegExp(`^ .*\\b${folder}/(?: |$)`, "m"));
    }
  });
});

describe("CHANGELOG.md", () => {
  test("has a section for the version of the package", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(read("CHANGELOG.md")).toContain(`\n## [${version}]`);
  });
});

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name === ".git") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

function foldersIn(name: string): string[] {
  const entries = readdirSync(join(root, name), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Links within the project: what is fenced or between backticks is no link. */
function linksOf(file: string): string[] {
  const prose = read(file)
    .replaceAll(/^```.*?^```/gms, "")
    .replaceAll(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/i.test(target));
}

function resolves(file: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : join(dirname(file), path);
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
