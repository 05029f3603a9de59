import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { schemaSql } from "../../src/queries/journal-schema.js";
import type { Shop } from "./fixtures.js";
import { test as withShop } from "./fixtures.js";

/** One finding of `doctor --json`. */
export interface Finding {
  readonly family: string;
  readonly name: string;
  readonly subject: string | null;
  readonly level: "ok" | "note" | "unknown" | "warning" | "fault";
  readonly what: string;
  readonly why: string | null;
  readonly mend: string | null;
}

export interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  readonly stderr: string;
}

/** A shop in which nothing is wrong, and a role with the README's privileges and no others. */
export interface Well {
  readonly role: string;
  readonly env: Readonly<Record<string, string>>;
  say(...statements: readonly string[]): Promise<void>;
  /** `doctor --json`, as that role. */
  doctor(env?: Readonly<Record<string, string>>, words?: string): Promise<Diagnosis>;
}

export const partialIndex =
  "create index payments_stuck on payments (created_at) where status = 'paid' and meta_purchase_sent and meta_event_id is null";

/** A test with such a shop. One sale of each bot is confirmed, one is stuck; both are of the last hours. */
export const test = withShop.extend("well", async ({ shop }, { onCleanup }): Promise<Well> => {
  const role = `doctored_${randomBytes(4).toString("hex")}`;
  const say = async (...statements: readonly string[]) => {
    for (const statement of statements) await shop.db.query(statement);
  };
  await say(
    schemaSql,
    partialIndex,
    `create role ${role} login`,
    `grant select on payments, bots, pool_bots, redirect_pools, bot_users to ${role}`,
    `grant update (meta_purchase_sent, meta_purchase_sent_at, meta_event_id) on payments to ${role}`,
    `grant usage on schema purchase_fix to ${role}`,
    `grant select, insert, update on all tables in schema purchase_fix to ${role}`,
    `grant delete on purchase_fix.observation, purchase_fix.log_event, purchase_fix.log_position to ${role}`,
  );
  onCleanup(() =>
    say(`reassign owned by ${role} to current_user`, `drop owned by ${role}`, `drop role ${role}`),
  );
  for (const botId of shop.bots) await shop.sale({ botId, metaEventId: `pageview_confirmed_${botId}` });
  await shop.sale({ paidHoursAgo: 3, createdHoursAgo: 0.05 });
  const url = new URL(shop.env["DATABASE_URL"] ?? "");
  url.username = role;
  const own = { DATABASE_URL: url.href };
  return {
    role,
    env: { ...shop.env, ...own },
    say,
    doctor: async (env = {}, words = "") => {
      const { code, stdout, stderr } = await shop.run(`doctor --json ${words}`, { env: { ...own, ...env } });
      if (stdout === "") throw new Error(`the doctor told nothing (${code}): ${stderr}`);
      return { code, stderr, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
    },
  };
});

/** What somebody should do something about. */
export function alarms({ findings }: Diagnosis): string[] {
  return findings.filter(({ level }) => level === "warning" || level === "fault").map(nameOf);
}

/** What could not be told. */
export function unknowns({ findings }: Diagnosis): string[] {
  return findings.filter(({ level }) => level === "unknown").map(nameOf);
}

const nameOf = ({ name, subject }: Finding): string => (subject === null ? name : `${name} ${subject}`);

export type Env = Readonly<Record<string, string>>;

/** A fault planted in a shop in which all is well, the alarms that it raises (and no others), and what mends it. */
export interface Fault {
  readonly plant: (well: Well, shop: Shop) => Promise<Env | void>;
  readonly alarms: readonly string[] | ((shop: Shop) => readonly string[]);
  readonly mend: RegExp;
  /** What cannot be told for that reason. */
  readonly unknowns?: readonly string[];
}

export const sql =
  (...statements: readonly string[]) =>
  async (well: Well): Promise<void> =>
    await well.say(...statements.map((statement) => statement.replaceAll("ROLE", well.role)));

export const env = (given: Env) => async (): Promise<Env> => given;

/** Plants a fault, and holds what the doctor says of it against what it should say: that, and nothing else. */
export async function found([, fault]: readonly [string, Fault], { well, shop }: { well: Well; shop: Shop }) {
  const given = await fault.plant(well, shop);
  const diagnosis = await well.doctor(given ?? {});
  const expected = typeof fault.alarms === "function" ? fault.alarms(shop) : fault.alarms;
  expect(alarms(diagnosis)).toEqual(expected);
  expect(unknowns(diagnosis).map((name) => name.split(" ")[0])).toEqual(fault.unknowns ?? []);
  const [first = ""] = expected[0]?.split(" ") ?? [];
  const told = diagnosis.findings.find(({ name, level }) => name === first && level !== "ok");
  expect(told?.mend ?? "").toMatch(fault.mend);
  // What is wrong has its mend; only a setting's warning says it in its own words.
  const unmended = diagnosis.findings.filter(
    ({ level, mend }) => /warning|fault/.test(level) && mend === null,
  );
  expect(unmended.filter(({ name }) => name !== "setting")).toEqual([]);
  expect(diagnosis.code).toBe(1);
}
