import type { DoctoringContext } from "../context.js";
import { diagnose } from "../doctor/diagnose.js";
import { isAlarming } from "../doctor/finding.js";
import { pageOf } from "../doctor/page.js";
import type { ExitCode } from "../errors.js";
import { exitCode, told } from "../errors.js";

/** Looks at everything that the other commands rely on, and says how to mend what is not well. It changes nothing. */
export async function doctor(ctx: DoctoringContext): Promise<ExitCode> {
  const { output, clock, ...given } = ctx;
  const now = clock.now();
  const bar = output.progress("looking at database, Meta, workers and logs");
  const examined = await examine(ctx).finally(() => bar.stop());
  const findings = diagnose({ ...given, ...examined, now });
  await output.page(pageOf({ now, asCron: given.cron !== null, settings: given.settings, findings }));
  return isAlarming(findings) ? exitCode.attention : exitCode.ok;
}

/** Side by side where nothing hangs on another; what hangs on a database that cannot be reached is not looked at. */
async function examine({ examiners }: DoctoringContext) {
  const elsewhere = {
    celery: told(async () => (await examiners.celery?.()) ?? null),
    logs: told(async () => (await examiners.logs?.()) ?? null),
  };
  const server = await told(() => examiners.server());
  const isThere = "known" in server;
  const inDatabase = async <T>(look: () => Promise<T>) => (isThere ? await told(look) : null);
  const [shape, index, journal, rows, pools] = await Promise.all([
    inDatabase(() => examiners.shape()),
    inDatabase(() => examiners.index()),
    inDatabase(() => examiners.journal()),
    inDatabase(() => examiners.rows()),
    inDatabase(() => examiners.pools()),
  ]);
  const knownPools = pools !== null && "known" in pools ? pools.known : null;
  const graph = await told(() => examiners.graph(knownPools));
  const [celery, logs] = await Promise.all([elsewhere.celery, elsewhere.logs]);
  const refused = "known" in logs ? (logs.known?.refused ?? []) : [];
  const stored =
    isThere && refused.length > 0 ? await told(() => examiners.storedAmong(refused)) : { known: 0 };
  const storedThoughRefused = "known" in stored ? stored.known : 0;
  return { server, shape, index, journal, rows, pools, graph, celery, logs, storedThoughRefused };
}
