// Writes the generated parts of README.md anew, from the built program: `npm run docs`. With --print the result goes to
// stdout and the file stays as it is, which is how the test compares.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { settings } from "../dist/src/config/settings.js";
import { exitCodesHelp } from "../dist/src/help.js";

const readme = fileURLToPath(new URL("../README.md", import.meta.url));
const program = fileURLToPath(new URL("../bin/purchase-fix.js", import.meta.url));

const parts = { commands: commands(), settings: settingsTable(), "exit-codes": fenced(exitCodes()) };
const text = Object.entries(parts).reduce(replacePart, readFileSync(readme, "utf8"));
if (process.argv.includes("--print")) process.stdout.write(text);
else writeFileSync(readme, text);

function replacePart(whole, [name, part]) {
  const [begin, end] = [`<!-- generated: ${name} (npm run docs) -->`, "<!-- end -->"];
  const from = whole.indexOf(begin);
  const to = whole.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`README.md has no part "${name}": ${begin} … ${end}`);
  return `${whole.slice(0, from)}${begin}\n\n${part}\n\n${whole.slice(to)}`;
}

/** The program's own help, but every option once: told per command, most of them would stand there four times or more. */
function commands() {
  const overview = help();
  const names = [...section(overview, "Commands:").matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
  const all = names.filter((name) => name !== "help");
  const users = new Map();
  for (const name of all) {
    for (const option of optionsOf(help(name))) users.set(option, [...(users.get(option) ?? []), name]);
  }
  const groups = new Map();
  for (const [option, who] of users) {
    const key = who.length === all.length ? "every command" : who.join(", ");
    const group = groups.get(key) ?? { size: who.length, options: [] };
    groups.set(key, { ...group, options: [...group.options, JSON.parse(option)] });
  }
  // The most common first; in the program's own order where as many commands take them.
  const sorted = [...groups].toSorted(([, a], [, b]) => b.size - a.size);
  const told = sorted.map(([who, { options }]) => `Options of ${who}:\n${layOut(options)}`);
  return `${fenced(overview)}\n\n${fenced(told.join("\n\n"))}`;
}

/** Into a pipe, commander wraps at 80 columns. */
function help(...command) {
  const env = { PATH: process.env.PATH, NO_COLOR: "1", COLUMNS: "80" };
  return execFileSync(process.execPath, [program, ...command, "--help"], { encoding: "utf8", env });
}

/** What follows a heading, up to the next empty line. */
function section(text, heading) {
  return text.split(`\n${heading}\n`)[1]?.split("\n\n")[0] ?? "";
}

/** Each as JSON of [flags, description], so that options of different commands can be told apart. */
function optionsOf(text) {
  const options = [];
  for (const line of section(text, "Options:").split("\n")) {
    const [, flags, description] = /^ {2}(-.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    if (flags === undefined) options.at(-1)?.push(line.trim());
    else options.push([flags, description ?? ""]);
  }
  return options.map(([flags, ...words]) => JSON.stringify([flags, words.join(" ").trim()]));
}

function layOut(options) {
  const width = Math.max(...options.map(([flags]) => flags.length)) + 4;
  return options
    .map(([flags, description]) => `  ${flags}`.padEnd(width) + wrapped(description, width))
    .join("\n");
}

function wrapped(words, indent) {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (indent + longer.length <= 80) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

function settingsTable() {
  // A default of several words is a description.
  const code = (text) => (text === null ? "" : text.includes(" ") ? text : `\`${text}\``);
  const rows = settings.map(
    ({ variable, flag, default: usual, purpose }) =>
      `| ${code(variable)} | ${code(flag)} | ${code(usual)} | ${purpose} |`,
  );
  return ["| Variable | Option | Without it | Meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Without its own heading, since the README has one. */
function exitCodes() {
  return exitCodesHelp.slice(exitCodesHelp.indexOf("\n"));
}

function fenced(text) {
  return `\`\`\`text\n${text.replace(/^\n+|\n+$/g, "")}\n\`\`\``;
}
