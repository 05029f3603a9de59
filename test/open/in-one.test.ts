import { expect, test } from "vitest";
import { inOne } from "../../src/open/in-one.js";

function asking(answers: Readonly<Record<number, string>>) {
  const asked: number[][] = [];
  const one = inOne((keys: readonly number[]) => {
    asked.push([...keys]);
    return Promise.resolve(new Map(keys.flatMap((key) => (answers[key] ? [[key, answers[key]]] : []))));
  });
  return { asked, one };
}

test("questions of one moment are asked together, and each gets its own answer", async () => {
  const { asked, one } = asking({ 1: "one", 2: "two" });
  expect(await Promise.all([one(1), one(2), one(3)])).toEqual(["one", "two", null]);
  expect(asked).toEqual([[1, 2, 3]]);
});

test("a later question is asked anew", async () => {
  const { asked, one } = asking({ 1: "one", 2: "two" });
  expect(await one(1)).toBe("one");
  expect(await one(2)).toBe("two");
  expect(asked).toEqual([[1], [2]]);
});

test("a failure reaches everybody who asked, and nobody who asks after it", async () => {
  let broken = true;
  const one = inOne<number, string>(() =>
    broken ? Promise.reject(new Error("gone")) : Promise.resolve(new Map([[1, "one"]])),
  );
  expect((await Promise.allSettled([one(1), one(2)])).map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
  ]);
  broken = false;
  expect(await one(1)).toBe("one");
});
