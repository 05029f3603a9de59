import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect } from "vitest";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { test } from "./fixtures.js";

const password = "senha-no-acidente-6b2e";
const person = "ana.no.acidente@example.com";
keepSecret("the database password", password);
keepSecret("a customer's e-mail address", person);

/** An error of our own making, thrown where nobody awaits it, with what a driver's error holds. */
const accident = (how: string) => `
  setTimeout(() => {
    const error = new Error("broken: " + process.env.DATABASE_URL + " Bearer EAA" + "tokenOfTheAccident1234");
    Object.assign(error, { query: "select 1", parameters: ["${person}"], detail: "${person}", rows: [{ em: "${person}" }] });
    error.cause = new Error("behind it: password=${password}");
    ${how};
  }, 1500);`;

describe.concurrent("an error that nobody awaits", () => {
  test.for([
    ["thrown", "throw error"],
    ["rejected", "void Promise.reject(error)"],
  ] as const)(
    "%s: ends with 2 and its stack, without password, token or row",
    async ([, how], { folder }) => {
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as AddressInfo;
      const file = folder.write("accident.mjs", accident(how));
      const env = {
        DATABASE_URL: `postgresql://ana:${password}@127.0.0.1:${port}/loja`,
        NODE_OPTIONS: `--import ${file}`,
      };
      const { code, stdout, stderr } = await purchaseFix(["find-stuck"], { env });
      silent.close();
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^error: unexpected, a defect of purchase-fix/);
      expect(stderr).toContain("Error: broken: postgresql://ana:[secret]@127.0.0.1");
      expect(stderr).toContain("caused by: Error: behind it: password=[secret]");
      expect(stderr).not.toMatch(/EAAtoken|select 1|parameters|detail/);
    },
  );
});
