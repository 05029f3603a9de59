import { expect } from "vitest";
import { test } from "./fixtures.js";
test("x", async ({ shop }) => {
  await shop.sale();
  const r = await shop.run("doctor");
  console.log(r.code, r.stdout, r.stderr);
  const j = await shop.run("doctor --json --as-cron");
  console.log(j.code, j.stdout.slice(0, 6000), j.stderr);
  expect(1).toBe(1);
});
