import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { causeTable } from "../../src/sales/causes.js";
import type { Source } from "../../src/sales/evidence.js";
import { causes } from "../../src/sales/evidence.js";
import type { Origin } from "../../src/sales/identity.js";
import { obstacleKinds } from "../../src/sales/obstacle.js";
import { answers, effects } from "../../src/sales/outcome.js";
import { obstacleTable, restraintTable, verdictTable } from "../../src/sales/table.js";
import { restraintKinds } from "../../src/sales/restraint.js";
import { verdictKinds } from "../../src/sales/verdict.js";

const file = new URL("../../docs/verdicts.md", import.meta.url);
const document = readFileSync(file, "utf8");
const regenerate = "PURCHASE_FIX_WRITE_DOCS=1 npx vitest run test/docs/verdicts.test.ts";

/** The document with the tables as the code has them, between its markers. */
function withTables(text: string): string {
  const tables = `${verdictTable()}\n\n${obstacleTable()}\n\n${restraintTable()}`;
  return text.replace(
    /(<!-- generated: permissions -->\n)[^]*?(<!-- end -->)/,
    (_, from: string, to: string) => `${from}\n${tables}\n\n${to}`,
  );
}

describe("docs/verdicts.md", () => {
  test("shows the permission tables that the code obeys", () => {
    if (process.env["PURCHASE_FIX_WRITE_DOCS"] === "1") writeFileSync(file, withTables(document));
    expect(readFileSync(file, "utf8"), `regenerate: ${regenerate}`).toBe(withTables(document));
    expect(document).toContain("<!-- generated: permissions -->");
  });

  test.each(
    [...verdictKinds, ...obstacleKinds, ...restraintKinds, ...answers].filter((word) => word !== "none"),
  )("tells what %s means", (word) => {
    expect(document).toMatch(new RegExp(`^\\| \`${word}\` \\| \\S.{10,} \\|`, "m"));
  });

  test.each(effects)("tells of the effect %s", (effect) => {
    expect(document).toContain(`\`${effect}\``);
  });

  const origins: Readonly<Record<Origin, true>> = {
    evidence: true,
    journal: true,
    pageview_event_id: true,
    tracking: true,
    inferred: true,
    purchase_id: true,
  };
  test.each(Object.keys(origins))("tells when an event id's origin is %s", (origin) => {
    expect(document).toMatch(new RegExp(`^\\| \`${origin}\` \\|`, "m"));
  });

  test.each(causes)("tells what shows the cause %s, and its number in the incident report", (cause) => {
    const { number } = causeTable[cause];
    expect(document).toMatch(new RegExp(`^\\| \`${cause}\` \\| ${number ?? ""} ?\\| \\S.{10,} \\|`, "m"));
  });

  const sources: Readonly<Record<Source, true>> = {
    journal: true,
    row: true,
    "application log": true,
    "worker log": true,
    "task result": true,
    broker: true,
    "tracking data": true,
    attestation: true,
  };
  test.each(Object.keys(sources))("tells what the source %s covers", (source) => {
    expect(document).toMatch(new RegExp(`^\\| (?:.*, )?${source}(?:, .*)? \\| \\S.{10,} \\|`, "m"));
  });

  test.each([1, 2, 3, 4, 5, 6])("tells of the residual risk R%i", (number) => {
    expect(document).toMatch(new RegExp(`^- \\*\\*R${number}, `, "m"));
  });

  test("stays short enough to be read", () => {
    expect(document.split("\n").length).toBeLessThan(270);
  });
});

describe("the tables", () => {
  test("have a row for each verdict and each obstacle, and a column for each action", () => {
    const lines = verdictTable().split("\n");
    expect(lines[0]).toBe("| verdict | confirm | resend | revert |");
    expect(lines).toHaveLength(2 + verdictKinds.length);
    expect(obstacleTable().split("\n")).toHaveLength(2 + obstacleKinds.length);
    expect(lines).toContain("| `delivered` | yes | no | `--even-accepted` |");
    expect(obstacleTable()).toContain("| `expired` | yes | no | when named |");
    expect(restraintTable().split("\n")).toHaveLength(2 + restraintKinds.length);
    expect(restraintTable()).toContain("| `paused` | yes | when named | yes |");
  });
});
