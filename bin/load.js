"use strict";

// Loads the program's chunks with the code that V8 made of them at build time (build/code.mjs): compiling it anew at every
// start took a fifth of the CPU time of `find-stuck`. Nothing is ever written here.
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const program = join(__dirname, "..", "dist", "program");
/** What this V8 made on this kind of machine. */
const codes = join(program, "code", `${process.versions.v8}-${process.arch}`);
/** What Node puts around a CommonJS module. */
const HEAD = "(function (exports, require, module, __filename, __dirname) { ";

const modules = new Map();
const scripts = new Map();

/** The exports of a chunk. Where there is no code for this Node, its own `require` does it all. */
function load(chunk) {
  return existsSync(codes) ? withCode(chunk) : require(join(program, chunk));
}

/** As `require` does it: once, and in a circle what is there so far. */
function withCode(chunk) {
  const known = modules.get(chunk);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(chunk, module);
  const place = join(program, chunk);
  const source = readFileSync(place);
  const script = new Script(`${HEAD}${source.toString()}\n})`, {
    // Code keeps the name that it was made under, for stacks: so it is one that is true wherever the package lies.
    filename: `dist/program/${chunk}`,
    columnOffset: -HEAD.length,
    // What is wrong with it makes V8 compile the text, and nothing else.
    cachedData: codeOf(chunk, source),
  });
  scripts.set(chunk, script);
  const inner = (id) => (id.startsWith("./") ? withCode(id.slice(2)) : require(id));
  try {
    script.runInThisContext().call(module.exports, module.exports, inner, module, place, program);
  } catch (error) {
    // As `require` does it: half of a module is none.
    modules.delete(chunk);
    throw error;
  }
  return module.exports;
}

/**
 * V8 refuses the code of another version, but believes one of another text of the same length, and one with a flipped
 * bit: so each begins with the checksums of both.
 */
function codeOf(chunk, source) {
  const path = join(codes, chunk);
  if (!existsSync(path)) return undefined;
  // Only here: loading it takes a millisecond, and `--version` needs no code.
  const { crc32 } = require("node:zlib");
  const file = readFileSync(path);
  const code = file.subarray(8);
  const isRight =
    code.length > 0 && file.readUInt32LE(0) === crc32(source) && file.readUInt32LE(4) === crc32(code);
  return isRight ? code : undefined;
}

module.exports = { load, codes, scripts };
