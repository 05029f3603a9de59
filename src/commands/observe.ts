import type { ObservingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Observed } from "../ports.js";

/** An observer who died is waited out; one that reads a gigabyte of logs for the first time takes seconds. */
const LEASE_MS = 5 * 60_000;

/** Keeps what would vanish: which tasks live, how they ended, what the logs say. It changes no sale and no queue. */
export async function observe(ctx: ObservingContext): Promise<ExitCode> {
  const { keeper, record, eyes } = ctx;
  if (eyes.tasks === null && eyes.logs === null) {
    throw new KnownError({
      what: "There is nothing to observe",
      why: "neither a Redis broker nor logs are configured",
      next: "set CELERY_BROKER_URL or REDIS_URL, or PURCHASE_FIX_EVIDENCE_LOGS",
    });
  }
  await ctx.runs.prepare(2);
  if (!(await keeper.begin(record, LEASE_MS))) {
    throw new KnownError(
      { what: `Another observe is at it on ${record.host}`, next: "leave it to that one" },
      { exitCode: exitCode.locked },
    );
  }
  try {
    return await lookAndKeep(ctx);
  } finally {
    await keeper.end(record).catch(() => undefined); // It ends by itself; the look's own error matters more.
  }
}

async function lookAndKeep({ keeper, eyes, output }: ObservingContext): Promise<ExitCode> {
  const { logs: known, tasks: named } = await keeper.positions();
  const [tasks, logs] = await Promise.all([eyes.tasks?.() ?? null, eyes.logs?.(known, named) ?? null]);
  const living = [...(tasks?.reading?.tasks.values() ?? [])];
  const ties = logs?.ties ?? [];
  const ids = [...(await keeper.open()), ...living, ...ties].map((one) =>
    typeof one === "string" ? one : one.taskId,
  );
  const found = (await tasks?.results(ids)) ?? new Map();
  const seen: Observed = {
    ties,
    living,
    results: [...found.values()],
    logs: logs?.logs ?? [],
    events: logs?.events ?? [],
  };
  const kept = await keeper.keep(seen);
  const forgotten = await keeper.prune();
  if (forgotten === null)
    output.warn("what is older than 9 days was not forgotten: the role may not delete (README, Privileges)");
  const under = living.filter(({ gone }) => !gone).length;
  output.say(
    `${count(under, "task")} under way, ${count(kept.results, "result")} kept, ${count(kept.events, "log line")} kept`,
  );
  // Said already, by whoever tried.
  return tasks !== null && tasks.reading === null ? exitCode.failed : exitCode.ok;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
