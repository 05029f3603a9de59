import type { Column } from "../src/context.js";
import { loadPaint, showsUnicode, wantsColor } from "../src/output/color.js";
import { tableLines } from "../src/output/table.js";
import { showAmount } from "../src/sales/money.js";
import type { Account, Books, Row } from "./account.js";
import { takeAccount } from "./account.js";
import { run } from "./command.js";
import type { GraphSummary } from "./graph/types.js";
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
  const surprises: string[] = [];
  const command = async (expected: number, ...words: readonly string[]) => {
    say(paint(`$ purchase-fix ${words.join(" ")}`, "strong"));
    const code = await run(words, stage.settings, signal);
    signal.throwIfAborted();
    say(paint(`(exit code ${code})\n`, "dim"));
    if (code !== expected) surprises.push(`\`${words.join(" ")}\` ended with ${code} instead of ${expected}`);
  };
  const before = await booksOf(stage);

  title("The incident");
  say(
    `A shop with ${bots.length} bots and ${sales().length} sales. Eight of them were reported: paid, marked as sent to Meta,`,
  );
  say("and never confirmed. Whether Meta has them, the shop does not know. The shop's database and the");
  say("stand-in for Meta run on this machine, for as long as this takes; the commands are the real ones.");

  title("1. What is stuck?");
  await command(0, "find-stuck", "--hours", "24");
  say(`The eight that were reported are among them: ${reported.join(", ")}.`);
  say("Ambiguous: Meta may have it or not, but its event id is known and it is under 47 hours old, so that");
  say(
    "a second copy with the same id is folded into the first. Untraceable: a second copy might count twice.",
  );

  title("2. What would be done about it?");
  await command(0, "resend", "--hours", "24", "--dry-run");
  say("Nothing was sent. Each sale keeps the event id that the application used for it; the upsells");
  say(
    `${idsOf("upsell")} share the click of another sale, and with it the id, so they get an id of their own.`,
  );
  say("What is left has its reason beside it.");

  title("3. Do it");
  await command(1, "resend", "--hours", "24", "--yes");
  say("The exit code is 1 although all that was sent ended well: some of what was left needs a person.");

  title("4. What Meta's ledger now holds");
  const after = await booksOf(stage);
  for (const line of await tableOf(before.summary, after.summary)) say(line);
  const rows = await stage.ask<Row>(
    "select id, meta_event_id from payments where status = 'paid' order by id",
  );
  const account = takeAccount(before, after, rows);
  const problems = [...surprises, ...account.problems, ...unmended(rows), ...unlikely(account)];
  say("");
  conclude(account, say);
  say(
    account.problems.length === 0
      ? paint("Every confirmed sale is counted exactly once.", "good")
      : paint("NOT every confirmed sale is counted exactly once.", "bad"),
  );

  title("5. What is left, and why?");
  await command(0, "find-stuck", "--hours", "24");
  say(
    `${idsOf("young")} were flagged minutes ago: their own tasks may still send them; a later run takes them.`,
  );
  say(`${idsOf("misconfigured")} cannot be sent before the shop's rows are mended, as told beside each.`);
  say(`${idsOf("untraceable")} need a person: Meta may have them under an id or a pixel that nobody knows.`);
  say(`It has, in truth: ${hidden()}. Sent again, it would have counted twice.`);

  title("6. What was done is on record");
  const [witness] = account.folded;
  await command(0, "journal", "--id", String(witness?.sale ?? reported[0]));
  say("Meta had that sale all along; only storing its id had failed.");
  if (problems.length > 0 || surprises.length > 0) {
    throw new StoryFailure([...new Set([...problems, ...surprises])].join("\n"));
  }
  title("The story holds");
  say("To type the commands yourself against the same incident: npm run demo -- --keep");
}

async function booksOf({ graph }: Stage): Promise<Books> {
  return { ledger: await graph.ledger(), summary: await graph.state() };
}

function conclude({ sent, folded, confirmed, countedOnce }: Account, say: Say): void {
  const ids = folded.map(({ sale }) => sale).toSorted((a, b) => Number(b) - Number(a));
  say(
    `${sent.length} events were sent. ${folded.length} of them Meta had already, under the same id, and did not count again:`,
  );
  say(`${ids.join(", ")}. The other ${sent.length - folded.length} were missing, and are counted now.`);
  say(`Of ${confirmed} sales that the shop has as confirmed, Meta counts ${countedOnce} exactly once.`);
}

/** The eight must be confirmed: that is what the operator asked for. */
function unmended(rows: readonly Row[]): string[] {
  return rows
    .filter(({ id, meta_event_id: eventId }) => reported.includes(id) && eventId === null)
    .map(({ id }) => `sale ${id} was reported, and is still not confirmed`);
}

/** A ledger in which nothing was folded or nothing was new would prove nothing. */
function unlikely({ sent, folded }: Account): string[] {
  const isTelling = folded.length > 0 && folded.length < sent.length;
  return isTelling ? [] : [`${folded.length} of ${sent.length} events were folded: the story shows nothing`];
}

interface Line {
  readonly pixel: string;
  readonly received: string;
  readonly counted: string;
  readonly money: string;
}

async function tableOf(before: GraphSummary, after: GraphSummary): Promise<string[]> {
  const lines = after.pixels.map((now): Line => {
    const then = before.pixels.find(({ id }) => id === now.id) ?? now;
    const money = (pixel: typeof now) => showAmount(pixel.money["BRL"] ?? "0.00", "BRL");
    return {
      pixel: `${now.id} (${now.name})`,
      received: `${then.received} -> ${now.received}`,
      counted: `${then.counted} -> ${now.counted}`,
      money: `${money(then)} -> ${money(now)}`,
    };
  });
  const columns: readonly Column<Line>[] = [
    { title: "Pixel", value: ({ pixel }) => pixel },
    { title: "Received", value: ({ received }) => received, align: "right" },
    { title: "Counted", value: ({ counted }) => counted, align: "right" },
    { title: "Money counted, before and now", value: ({ money }) => money, align: "right" },
  ];
  const paint = await loadPaint(false);
  return await tableLines(columns, lines, { width: 100, unicode: showsUnicode(process.env), paint });
}

function idsOf(part: Part): string {
  const ids = sales().flatMap((sale) => (sale.part === part ? [sale.id] : []));
  return [ids.slice(0, -1).join(", "), ids.at(-1)].filter((text) => text !== "").join(" and ");
}

/** Sales that Meta has under an id that stands in no row. */
function hidden(): string {
  return sales()
    .flatMap(({ id, part, atMeta }) =>
      part === "untraceable" && atMeta ? [`${id} (as ${atMeta.eventId})`] : [],
    )
    .join(", ");
}
