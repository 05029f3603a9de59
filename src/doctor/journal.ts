import type { JournalFacts } from "../ports.js";
import type { Finding } from "./finding.js";
import { findingsOf } from "./finding.js";

const finding = findingsOf("journal");

const BY_AN_OWNER = 'purchase-fix init --print | psql "$OWNER_URL" # an owner of the database';

/** The journal's schema: its version, its home, and what the role may do there. */
export function judgeJournal(facts: JournalFacts): Finding[] {
  const { version, known, mayCreate, away } = facts;
  if (version === null) {
    const what = "there is no journal yet";
    if (mayCreate)
      return [
        finding("journal-schema", "note", { what: `${what}; the first run that changes something makes it` }),
      ];
    const why = "resend, revert, confirm, attest, undo and observe need it, and this role may not make it";
    return [finding("journal-schema", "warning", { what, why, mend: BY_AN_OWNER })];
  }
  const found = [...schemaOf(facts), ...rightsOf(facts)];
  if (away !== null) {
    found.push(
      finding("journal-home", "warning", {
        what: `this journal was written in another database (${away})`,
        why: "what that one has sent since is not on record here; commands that act refuse",
        mend: "purchase-fix init --adopt",
      }),
    );
  }
  if (found.length > 0) return found;
  return [
    finding("journal-schema", "ok", { what: `version ${version} of ${known}, at home in this database` }),
  ];
}

function schemaOf({ version, known, mayCreate }: JournalFacts): Finding[] {
  if (version === null || version === known || version === 0) return [];
  if (version > known) {
    return [
      finding("journal-schema", "fault", {
        what: `the journal's schema has version ${version}; this program knows ${known}`,
        why: "a newer program wrote here: this one writes nothing",
        mend: "npm install -g purchase-fix@latest",
      }),
    ];
  }
  const what = `the journal's schema has version ${version} of ${known}`;
  if (mayCreate)
    return [
      finding("journal-schema", "note", { what: `${what}; the next run that needs it brings it up to date` }),
    ];
  const why =
    "reconcile, quarantine, acknowledge, attest, observe and undo need the newest, and this role may not make it";
  return [finding("journal-schema", "warning", { what, why, mend: BY_AN_OWNER })];
}

function rightsOf({ role, usage, lacking, keeps }: JournalFacts): Finding[] {
  const grant = `grant select, insert, update on all tables in schema purchase_fix to ${role};`;
  if (!usage) {
    return [
      finding("privilege-journal", "warning", {
        what: "this role may not use the schema purchase_fix",
        why: "what was sent before is not seen: every command that acts ends, and every list knows less",
        mend: `grant usage on schema purchase_fix to ${role}; ${grant}`,
      }),
    ];
  }
  return [
    ...(lacking.length === 0
      ? []
      : [
          finding("privilege-journal", "warning", {
            what: `this role may not select, insert or update ${lacking.join(", ")}`,
            why: "every command that changes something needs that; those that look know less without it",
            mend: grant,
          }),
        ]),
    ...(keeps.length === 0
      ? []
      : [
          finding("privilege-forget", "note", {
            what: `observe may not forget what is older than nine days (${keeps.join(", ")})`,
            mend: `grant delete on ${keeps.map((name) => `purchase_fix.${name}`).join(", ")} to ${role};`,
          }),
        ]),
  ];
}
