#!/usr/bin/env -S node --
"use strict";

const { start } = require("./load.js").load("start.cjs");

// Stays where nothing is left to wait for and yet no answer came.
process.exitCode = 2;
void run();

async function run() {
  process.exitCode = await start(process);
}
