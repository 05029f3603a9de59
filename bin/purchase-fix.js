#!/usr/bin/env -S node --
"use strict";

const { start } = require("../dist/program/start.cjs");

// Stays where nothing is left to wait for and yet no answer came.
process.exitCode = 2;
start(process).then((code) => {
  process.exitCode = code;
});
