"use strict";

// Runs a command as bin/purchase-fix.js does, and notes what V8 has made of each chunk by its end.
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { crc32 } = require("node:zlib");
const { codes, scripts } = require("../bin/load.js");

/** Bytes. A smaller chunk is compiled while its code would be read; without, `--version` and `--help` need none. */
const LEAST = 4096;

if (process.env.PRETEND_TERMINAL) {
  for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: 120 });
}
process.on("exit", () => {
  for (const [chunk, script] of scripts) {
    const source = readFileSync(join(codes, "..", "..", chunk));
    if (source.length < LEAST) continue;
    const code = script.createCachedData();
    const sums = Buffer.alloc(8);
    sums.writeUInt32LE(crc32(source), 0);
    sums.writeUInt32LE(crc32(code), 4);
    writeFileSync(join(codes, chunk), Buffer.concat([sums, code]));
  }
});
require("../bin/purchase-fix.js");
