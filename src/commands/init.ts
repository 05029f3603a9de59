import type { Output } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Runs } from "../ports.js";

/** Makes the journal's schema, or prints the statements for somebody who may. Every acting command makes it by itself. */
export async function init(
  ctx: {
    readonly output: Output;
    readonly schemaSql: string;
    readonly runs: () => Promise<Pick<Runs, "prepare">>;
  },
  options: { readonly print: boolean },
): Promise<ExitCode> {
  if (options.print) {
    await ctx.output.data(ctx.schemaSql);
    return exitCode.ok;
  }
  await (await ctx.runs()).prepare(2);
  ctx.output.say("the journal's schema purchase_fix is there");
  return exitCode.ok;
}
