import { loadPaint, wantsColor } from "../src/output/color.js";
import type { Account, Row } from "./account.js";
import { takeAccount } from "./account.js";
import { booksTable, readBooks } from "./books.js";
import { run } from "./command.js";
import { bots, reported, sales } from "./incident.js";
import type { Stage } from "./stage.js";
import { confirmedOfTheEight, hidden, idOf, idsOf, meaningless, saleOf, unmended } from "./who.js";

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
    const code = await run(words, stage.settings, stage.folder, signal);
    signal.throwIfAborted();
    say(paint(`(exit code ${code})\n`, "dim"));
    if (code !== expected) wrong.push(`\`${words.join(" ")}\` ended with ${code} instead of ${expected}`);
  };
  const rowsNow = () => stage.ask<Row>("select id, meta_event_id from payments where status = 'paid'");
  const before = await readBooks(stage.graph);

  title("The incident");
  say(
    `A shop with ${bots.length} bots and ${sales().length} sales. Eight sales were reported: paid, marked as sent to Meta, and`,
  );
  say("never confirmed. Nobody in the shop knows whether Meta has them. The shop's database, its logs and a");
  say(
    "stand-in for Meta are on this machine, and only as long as this story; the commands are the real ones.",
  );

  title("1. What is stuck?");
  await command(0, "find-stuck", "--hours", "24");
  say(`The eight that were reported are among them: ${reported.join(", ")}.`);
  say(
    "Ambiguous: Meta may have it or not, but it is under 47 hours old and its event id stands in the shop's",
  );
  say("row, so Meta folds a second copy into the first. Untraceable: a second copy might count twice.");

  title("2. What do the logs say?");
  await command(0, "find-stuck", "--hours", "24", ...logs);
  say("Delivered: a worker wrote that Meta had received it. Lost: every attempt is known to have failed.");
  say(
    `In flight: ${idOf("waits for a retry")} was put off by Meta's rate limit, and its task waits for the next try. No queue`,
  );
  say("is asked in this story, since it takes nothing but Node: its worker's last line tells.");

  title("3. What Meta has is confirmed, and nothing is sent");
  await command(1, "confirm", "--hours", "24", ...logs, "--yes");
  const confirmed = await rowsNow();
  const untouched = (await readBooks(stage.graph)).ledger.length === before.ledger.length;
  if (!untouched) wrong.push("confirm has sent something");
  say(
    `Of the eight: ${confirmedOfTheEight(confirmed).join(", ")}. Their event ids were on record in the logs.`,
  );

  title("4. What would be sent?");
  await command(0, "resend", "--hours", "24", ...logs, "--dry-run");
  say(
    "Each sale keeps the event id that the application used for it, even one that stands in no row: the logs",
  );
  say(
    `had it. The upsells ${idsOf("upsell")} were folded into the sale whose click they share: they get an id`,
  );
  say("of their own. What would be left has its reason beside it.");

  title("5. Do it");
  await command(1, "resend", "--hours", "24", ...logs, "--yes");
  say("All that was sent is confirmed. The exit code is 1 because some of what was left needs a person.");

  title("6. What Meta's ledger now holds");
  const after = await readBooks(stage.graph);
  for (const line of await booksTable(before.summary, after.summary, paint)) say(line);
  const account = takeAccount(before.ledger.length, after.ledger, await rowsNow());
  wrong.push(...account.problems, ...meaningless(account));
  conclude(account, say);
  sayExact(account);

  title("7. The one that was left to its task");
  const waiting = saleOf("waits for a retry");
  if (account.sent.some(({ sale }) => Number(sale) === waiting.id)) wrong.push(`sale ${waiting.id} was sent`);
  await stage.runTask(waiting);
  say(`The task of ${waiting.id} runs at last (the story does not wait for its hour), and Meta accepts it.`);
  await command(0, "confirm", "--id", String(waiting.id), ...logs);
  const last = await readBooks(stage.graph);
  const rows = await rowsNow();
  const whole = takeAccount(last.ledger.length, last.ledger, rows);
  wrong.push(...whole.problems, ...unmended(rows));
  say(`All eight are confirmed: ${confirmedOfTheEight(rows).join(", ")}.`);
  sayExact(whole);

  title("8. What is left, and why?");
  await command(0, "find-stuck", "--hours", "24", ...logs);
  say(`${idsOf("young")}: flagged minutes ago. Their own tasks may still send them; a later run takes them.`);
  say(`${idsOf("misconfigured")}: the shop's rows must be mended first; what to mend stands beside each.`);
  say(
    `${idsOf("untraceable")}: a person must decide. It is older than the logs, and may be at Meta under an id`,
  );
  say(`that nobody knows; sent again it would count twice. In the ledger is, in truth: ${hidden(whole)}.`);

  title("9. What was done is on record");
  await command(0, "journal", "--id", String(Math.max(...account.folded.map(({ sale }) => Number(sale)))));
  say(
    "This is one that Meta had all along, though it had answered with an error: sent again, it was folded.",
  );

  if (wrong.length > 0) throw new StoryFailure(wrong.join("\n"));
  title("To type the commands yourself, with the same incident: npm run demo -- --keep");

  function sayExact({ problems }: Account): void {
    const text = `Every confirmed sale counted exactly once: ${problems.length === 0 ? "yes" : "NO"}.`;
    say(paint(text, problems.length === 0 ? "good" : "bad"));
  }
}

/** As typed in the folder where the application keeps its logs. */
const logs = ["--evidence-log", "logs/*.log*"];

function conclude({ sent, folded, confirmed, countedOnce }: Account, say: Say): void {
  const ids = folded.map(({ sale }) => Number(sale)).toSorted((a, b) => b - a);
  say("");
  say(
    `Sent: ${sent.length} events. Meta had ${folded.length} of them under the same id, and did not count them again (${ids.join(", ")});`,
  );
  say(`the other ${sent.length - folded.length} were missing, and are counted now.`);
  say(`Confirmed in the shop: ${confirmed} sales, of which Meta counts ${countedOnce} exactly once.`);
}
