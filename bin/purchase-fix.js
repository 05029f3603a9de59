#!/usr/bin/env -S node --
import process from "node:process";
import { main } from "../dist/src/main.js";

process.exitCode = await main(process);
