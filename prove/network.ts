import { startPostgres } from "../demo/postgres.js";
import { startPgBouncer } from "../test/cast/pgbouncer.js";
import type { Case } from "./crash.js";
import { finallyBroken } from "./invariants.js";
import type { Recording } from "./matrix.js";
import { cleanRun, inShop, lookAt, passMinute, record } from "./matrix.js";
import type { Ended, Running } from "./program.js";
import { start } from "./program.js";
import type { Database } from "./server.js";
import { lookAgain, untilAlone, untilUp } from "./server.js";
import type { Command, Place, Scenario } from "./shops.js";
import { environment, prepare } from "./shops.js";
import type { WireStrike } from "./wire-proxy.js";
import { startWireProxy } from "./wire-proxy.js";

/** A way in which the network may fail, and what the program promises then. */
interface Trouble {
  readonly name: string;
  /** What befalls the connection to PostgreSQL; `run` and `look` are the victims. */
  strike?(run: () => Running | null, look: Database): WireStrike;
  /** Settings that point elsewhere. */
  readonly env?: Readonly<Record<string, string>>;
  readonly codes: readonly (number | null)[];
  readonly says?: RegExp;
  readonly ownServer?: boolean;
}

const later = (ms: number, run: () => Running | null) => () =>
  void setTimeout(() => run()?.kill("SIGTERM"), ms);

const troubles: readonly Trouble[] = [
  ...(["before", "swallowed"] as const).map((phase): Trouble => ({
    name: `commit's connection half-open, ${phase}`,
    // The program's own patience is 150 s; a signal shortens it to what somebody who waits can bear.
    strike: (run) => ({ at: "commit", phase, silent: true, hit: later(500, run) }),
    codes: [2, 143],
    says: /stopped answering|interrupted/,
  })),
  {
    name: "commit's answer three seconds late",
    strike: () => ({ at: "commit", phase: "swallowed", lateMs: 3_000, hit: () => undefined }),
    codes: [0, 1],
  },
  ...(["before", "after", "swallowed"] as const).map((phase): Trouble => ({
    name: `server crashed and came back, ${phase} commit`,
    // One backend's death by SIGKILL makes PostgreSQL end all sessions and recover: the hardest restart that there is.
    strike: (_, look) => ({
      at: "commit",
      phase,
      hit: () => process.kill((look.client as unknown as { processID: number }).processID, "SIGKILL"),
    }),
    codes: [0, 1, 2],
    ownServer: true,
  })),
  {
    name: "name of Graph not found",
    env: { META_GRAPH_URL: "https://graph.invalid" },
    codes: [1],
    says: /no connection to Meta was made/,
  },
  {
    name: "name of the database not found",
    env: { DATABASE_URL: "postgresql://nobody@db.invalid/shop?sslmode=disable" },
    codes: [2],
    says: /^error: /m,
  },
];

/** Every trouble with a command that sends and one that only writes. */
export async function networkCases(place: Place): Promise<Case[]> {
  const of = async (command: Command) => {
    const scenario = await prepare(place, command, "one");
    return { scenario, recording: await record(place, scenario) };
  };
  const [resend, revert] = [await of("resend"), await of("revert")];
  const cases = troubles.flatMap((trouble) =>
    [resend, revert]
      .filter(({ scenario }) => trouble.env?.["META_GRAPH_URL"] === undefined || scenario === resend.scenario)
      .map(({ scenario, recording }): Case => ({
        name: `network: ${scenario.name}, ${trouble.name}`,
        group: "network",
        play: async (own) =>
          trouble.ownServer === true
            ? await onOwnServer(own, scenario, trouble)
            : await inTrouble(own, scenario, recording, trouble),
      })),
  );
  return [...cases, pooler(resend.scenario, resend.recording)];
}

async function onOwnServer(place: Place, { words }: Scenario, trouble: Trouble) {
  const postgres = await startPostgres({ settings: { restart_after_crash: "on" } });
  try {
    const own = { ...place, server: postgres.url };
    const scenario = await prepare(own, words[0] as Command, "one");
    return await inTrouble(own, scenario, await record(own, scenario), trouble);
  } finally {
    await postgres.stop();
  }
}

async function inTrouble(place: Place, scenario: Scenario, { before, after }: Recording, trouble: Trouble) {
  return await inShop(place, scenario, async (db) => {
    let running: Running | null = null;
    const wire = await startWireProxy(db.url, trouble.strike?.(() => running, db) ?? null);
    running = start(scenario.words, { ...environment(place, wire.url), ...trouble.env });
    const ended = await running.ended;
    await wire.close();
    const violations = unpromised(ended, trouble);
    await untilUp(db.url);
    const look = trouble.ownServer === true ? await lookAgain(db) : db;
    await untilAlone(look);
    await passMinute(look, running.pid);
    violations.push(...(await cleanRun(place, scenario, db.url)));
    violations.push(...finallyBroken(before, await lookAt(place, look), after));
    if (look !== db) await look.leave();
    return { struck: trouble.env !== undefined || wire.hasStruck(), violations };
  });
}

function unpromised({ code, stdout, stderr }: Ended, { codes, says }: Trouble): string[] {
  const isPromised = codes.includes(code) && !/^ {4}at /m.test(stderr);
  if (isPromised && (says === undefined || says.test(stderr + stdout))) return [];
  return [`it ended with ${code}: ${stdout}${stderr}`];
}

/** PgBouncer in transaction mode goes away at the commit, and is there again for the next run. */
function pooler(scenario: Scenario, { before, after }: Recording): Case {
  return {
    name: `network: ${scenario.name}, PgBouncer restarted`,
    group: "network",
    play: async (place) =>
      await inShop(place, scenario, async (db) => {
        const first = await startPgBouncer(place.server);
        if (first === null) {
          process.stderr.write("PgBouncer is not installed: its restart is skipped\n");
          return { struck: false, violations: [] };
        }
        const gone: Promise<void>[] = [];
        const hit = () => void gone.push(first.stop());
        const wire = await startWireProxy(first.url(db.name), { at: "commit", phase: "after", hit });
        const running = start(scenario.words, environment(place, wire.url));
        const violations = unpromised(await running.ended, { name: "", codes: [0, 1, 2] });
        await Promise.all([wire.close(), first.stop(), ...gone]);
        await untilAlone(db);
        await passMinute(db, running.pid);
        const second = await startPgBouncer(place.server);
        violations.push(...(await cleanRun(place, scenario, second?.url(db.name) ?? db.url)));
        await second?.stop();
        violations.push(...finallyBroken(before, await lookAt(place, db), after));
        return { struck: wire.hasStruck(), violations };
      }),
  };
}
