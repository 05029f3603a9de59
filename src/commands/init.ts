import type { Output } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Home, RunRecord, Runs } from "../ports.js";

/** Makes the journal's schema, or prints the statements for somebody who may. Every acting command makes it by itself. */
export async function init(
  ctx: {
    readonly output: Output;
    readonly schemaSql: string;
    readonly open: () => Promise<{
      readonly runs: Pick<Runs, "prepare">;
      readonly home: Home;
      readonly record: RunRecord;
    }>;
  },
  options: { readonly print: boolean; readonly adopt: boolean },
): Promise<ExitCode> {
  if (options.print) {
    await ctx.output.data(ctx.schemaSql);
    return exitCode.ok;
  }
  const { runs, home, record } = await ctx.open();
  await runs.prepare(4);
  ctx.output.say("the journal's schema purchase_fix is there");
  if (options.adopt) {
    const from = await home.adopt(record);
    if (from === null) ctx.output.say("this database is the journal's home already");
    else ctx.output.say(`run ${record.id}: the journal of ${from} is at home in this database now`, "strong");
    return exitCode.ok;
  }
  const name = await home.away();
  if (name !== null)
    ctx.output.warn(
      `this journal was written in another database (${name}); if this is the new home of the shop: purchase-fix init --adopt`,
    );
  return exitCode.ok;
}
