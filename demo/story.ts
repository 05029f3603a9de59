import { loadPaint, wantsColor } from "../src/output/color.js";
import type { Account, Row } from "./account.js";
import { takeAccount } from "./account.js";
import { booksTable, readBooks } from "./books.js";
import { run } from "./command.js";
import type { Part } from "./incident.js";
import { bots, reported, sales } from "./incident.js";
import type { Stage } from "./stage.js";

/** Writes a line to the terminal. */
export type Say = (line: string) => void;

/** The story did not go as it should: a line for each reason. */
export class StoryFailure extends Error {
  override name = "StoryFailure";
}

/** Tells the incident and its mending, with the real program. @throws {StoryFailure} where its own checks do not hold */
export async function tell(stage: Stage, say: Say, signal: AbortSignal): Promise<void> {
  const paint = await loadPaint(wantsColor(process.stdout, { env: process.env, color: undefined }));
  const title = (text: string) => say(`\n${paint(`== ${text}`, "strong")}\n`);
  const wrong: string[] = [];
  const command = async (expected: number, ...words: readonly string[]) => {
    say(paint(`$ purchase-fix ${words.join(" ")}`, "strong"));
    const code = await run(words, stage.settings, signal);
    signal.throwIfAborted();
    say(paint(`(exit code ${code})\n`, "dim"));
    if (code !== expected) wrong.push(`\`${words.join(" ")}\` ended with ${code} instead of ${expected}`);
  };
  const before = await readBooks(stage.graph);

  title("The incident");
  say(
    `A shop with ${bots.length} bots and ${sales().length} sales. Eight sales were reported: paid, marked as sent to Meta, and`,
  );
  say("never confirmed. Nobody in the shop knows whether Meta has them. The shop's database and a stand-in");
  say("for Meta run on this machine, and only as long as this story; the commands are the real ones.");

  title("1. What is stuck?");
  await command(0, "find-stuck", "--hours", "24");
  say(`The eight that were reported are among them: ${reported.join(", ")}.`);
  say(
    "Ambiguous: Meta may have it or not, but it is under 47 hours old and its event id stands in the shop's",
  );
  say("row, so Meta folds a second copy into the first. Untraceable: a second copy might count twice.");

  title("2. What would be done about it?");
  await command(0, "resend", "--hours", "24", "--dry-run");
  say("Nothing was sent. Each sale keeps the event id that the application used for it. Only the upsells");
  say(
    `${idsOf("upsell")} share a click, and with it the id, with another sale: they get an id of their own.`,
  );
  say("What would be left has its reason beside it.");

  title("3. Do it");
  await command(1, "resend", "--hours", "24", "--yes");
  say("All that was sent is confirmed. The exit code is 1 because some of what was left needs a person.");

  title("4. What Meta's ledger now holds");
  const after = await readBooks(stage.graph);
  for (const line of await booksTable(before.summary, after.summary, paint)) say(line);
  const rows = await stage.ask<Row>("select id, meta_event_id from payments where status = 'paid'");
  const account = takeAccount(before.ledger.length, after.ledger, rows);
  wrong.push(...account.problems, ...unmended(rows), ...meaningless(account));
  conclude(account, say);
  const isExact = account.problems.length === 0;
  say(
    paint(`Every confirmed sale counted exactly once: ${isExact ? "yes" : "NO"}.`, isExact ? "good" : "bad"),
  );

  title("5. What is left, and why?");
  await command(0, "find-stuck", "--hours", "24");
  say(`${idsOf("young")}: flagged minutes ago. Their own tasks may still send them; a later run takes them.`);
  say(`${idsOf("misconfigured")}: the shop's rows must be mended first; what to mend stands beside each.`);
  say(`${idsOf("untraceable")}: a person must decide. They may be at Meta under an id or a pixel that`);
  say(`nobody knows, and sent again they would count twice. In the ledger is, in truth: ${hidden(account)}.`);

  title("6. What was done is on record");
  await command(0, "journal", "--id", String(Math.max(...account.folded.map(({ sale }) => Number(sale)))));
  say("This is one of those that Meta had all along: only storing its id had failed.");

  if (wrong.length > 0) throw new StoryFailure(wrong.join("\n"));
  title("To type the commands yourself, with the same incident: npm run demo -- --keep");
}

function conclude({ sent, folded, confirmed, countedOnce }: Account, say: Say): void {
  const ids = folded.map(({ sale }) => Number(sale)).toSorted((a, b) => b - a);
  say("");
  say(
    `Sent: ${sent.length} events. Meta had ${folded.length} of them under the same id, and did not count them again (${ids.join(", ")});`,
  );
  say(`the other ${sent.length - folded.length} were missing, and are counted now.`);
  say(`Confirmed in the shop: ${confirmed} sales, of which Meta counts ${countedOnce} exactly once.`);
}

/** The eight must be confirmed: that is what the operator asked for. */
function unmended(rows: readonly Row[]): string[] {
  return rows
    .filter(({ id, meta_event_id: eventId }) => reported.includes(id) && eventId === null)
    .map(({ id }) => `sale ${id} was reported, and is still not confirmed`);
}

/** A ledger in which nothing was folded, or nothing was new, would prove nothing. */
function meaningless({ sent, folded }: Account): string[] {
  const isTelling = folded.length > 0 && folded.length < sent.length;
  return isTelling ? [] : [`Meta folded ${folded.length} of ${sent.length} events: the story shows nothing`];
}

function idsOf(part: Part): string {
  const ids = sales().flatMap((sale) => (sale.part === part ? [sale.id] : []));
  return [ids.slice(0, -1).join(", "), ids.at(-1)].filter((text) => text !== "").join(" and ");
}

/** Sales that Meta counts under an id that stands in no row. */
function hidden({ unseen }: Account): string {
  return unseen.map(({ sale, eventId }) => `${sale} (as ${eventId})`).join(", ") || "none";
}
