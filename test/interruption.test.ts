import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { Interruption } from "../src/interruption.js";

test("as many may listen to its signals as there are pixels, and Node warns of no leak", async () => {
  const warnings: string[] = [];
  const hear = (warning: Error) => void warnings.push(warning.name);
  process.on("warning", hear);
  const interruption = new Interruption(new EventEmitter() as NodeJS.Process);
  let heard = 0;
  const { stop, abandon } = interruption.signals;
  for (let pixel = 0; pixel < 20; pixel += 1)
    for (const signal of [stop, abandon]) signal.addEventListener("abort", () => (heard += 1));
  await new Promise(setImmediate);
  interruption.end();
  process.off("warning", hear);
  expect([heard, warnings]).toEqual([0, []]);
});
