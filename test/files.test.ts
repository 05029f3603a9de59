import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KnownError } from "../src/errors.js";
import { replaceFile } from "../src/files.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "purchase-fix-files-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), "utf8");

describe("a file that is replaced", () => {
  test("is there with all of its text, and nothing beside it", () => {
    replaceFile(at("report.html"), "é".repeat(100_000));
    expect(read("report.html")).toBe("é".repeat(100_000));
    expect(readdirSync(folder)).toEqual(["report.html"]);
  });

  test("takes the place of an earlier one; who is reading that reads it to its end", () => {
    writeFileSync(at("report.html"), "earlier");
    const before = lstatSync(at("report.html")).ino;
    replaceFile(at("report.html"), "later");
    expect(read("report.html")).toBe("later");
    expect(lstatSync(at("report.html")).ino).not.toBe(before);
  });

  test("is the one that a link leads to, and the link stays", () => {
    writeFileSync(at("real.html"), "earlier");
    symlinkSync("real.html", at("link.html"));
    replaceFile(at("link.html"), "later");
    expect(read("real.html")).toBe("later");
    expect(lstatSync(at("link.html")).isSymbolicLink()).toBe(true);
  });

  test.each(["", "none/report.html", "file/report.html"])(
    "cannot be %j, and nothing is left behind",
    (name) => {
      writeFileSync(at("file"), "mine");
      mkdirSync(at("other"));
      expect(() => replaceFile(at(name), "page")).toThrow(KnownError);
      expect(readdirSync(folder).toSorted()).toEqual(["file", "other"]);
      expect(read("file")).toBe("mine");
    },
  );
});
