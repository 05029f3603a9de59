import type { Secret } from "../redact.js";
import type { Trouble } from "../sales/trouble.js";
import { mayPass, type Posting } from "./ping.js";
import { foreign, post, type Posted } from "./post.js";

/** A service asks for patience in seconds or minutes; a run that is over waits for this long at most. */
const LONGEST_PAUSE_MS = 3_000;
const PAUSE_MS = 1_000;

/**
 * Posts a text to a Slack-compatible webhook, or to Telegram's Bot API: the one whose path ends in `/bot<token>/sendMessage`.
 * Never rejects; null where it arrived. A request without an answer is not repeated: it may have been posted.
 */
export async function notify(secret: Secret, text: string, posting: Posting): Promise<Trouble | null> {
  const url = new URL(secret.reveal());
  const { clock, userAgent, timeoutMs } = posting;
  const send = () => post({ ...letterOf(url, text), contentType: "application/json", userAgent, timeoutMs });
  let posted = await send();
  if (isWorthARetry(posted)) {
    const asked = posted.kind === "answered" ? posted.retryAfterMs : 0;
    await clock.sleep(Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, asked)));
    posted = await send();
  }
  return troubleOf(url, posted);
}

function isWorthARetry(posted: Posted): boolean {
  return mayPass(posted) && !(posted.kind === "failed" && posted.written);
}

const TELEGRAM = /\/bot[^/]+\/sendMessage\/?$/;

/** Where a message goes, and as what. */
function letterOf(url: URL, text: string): { url: URL; body: string } {
  if (!TELEGRAM.test(url.pathname)) return { url, body: JSON.stringify({ text: escaped(text) }) };
  // Into the body, as the Bot API's own clients do; without a parse mode its text is plain.
  const fields = Object.fromEntries(url.searchParams);
  const bare = new URL(url);
  bare.search = "";
  return { url: bare, body: JSON.stringify({ ...fields, text }) };
}

/** The three characters that are markup to Slack; with them gone no text can mention a channel or hide a link. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function troubleOf(url: URL, posted: Posted): Trouble | null {
  const trouble = {
    what: `The message to ${url.host} was not posted`,
    next: "check --notify-url (PURCHASE_FIX_NOTIFY_URL)",
    exitCode: 0,
    evenQuiet: true,
  } as const;
  if (posted.kind === "failed") return { ...trouble, next: null, why: posted.because };
  const { status, text } = posted;
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return { ...trouble, why: `HTTP ${status}: redirects are not followed` };
  const said = foreign(text);
  const why = `it answered HTTP ${status}${said === "" ? "" : ` (${said})`}`;
  return { ...trouble, why, next: mayPass(posted) ? null : trouble.next };
}
