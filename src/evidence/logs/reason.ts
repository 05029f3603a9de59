/** What error texts are made of, beside data: names of errors, and what libraries and the system say of connections. */
const phrases = [
  /\b[A-Z]\w{2,40}(?:Error|Exception|Timeout|Token|Exceeded|Disconnected|Retry)\b/,
  /\b(?:Err(?:no|or) -?\d{1,5})(?: connecting)?\b/,
  /\b(?:Connection|connection) (?:refused|aborted|reset by peer|closed by server|timed out|broken)\b/,
  /\bMax retries exceeded\b/,
  /\b(?:The operation|Read|Request|Timeout reading|connect) ?timed out\b|\bTimeout reading from socket\b|\btimed out\b/,
  /\bRetry in [\d.]{1,9}s/,
  /\bName or service not known\b|\bTemporary failure in name resolution\b|\bNo route to host\b|\bNetwork is unreachable\b/,
  /\b(?:WRONGPASS|NOAUTH|READONLY|MISCONF|OOM command not allowed)\b|\binvalid username-password pair\b|\bAuthentication required\b/,
  /\bis not JSON serializable\b|\bEvent data inv.{1,3}lido\b/,
  /\b(?:HTTP|status|Status)[ :]{1,2}\d{3}\b/,
  /\bevents_received["']?: \d{1,6}\b|^\s*None\s*$/,
];
const known = new RegExp(phrases.map((phrase) => phrase.source).join("|"), "g");

/** Enough for every phrase of an honest text. */
const MOST = 4;

/**
 * The reason in the text of a task's error. Such a text may hold the task's arguments (the access token, the customer)
 * in any form, so nothing of it is kept but what is known to be an error's own words.
 */
export function reasonOf(text: string): string {
  const found = text.slice(0, 4_000).match(known) ?? [];
  return [...new Set(found.map((words) => words.trim()))].slice(0, MOST).join(", ");
}
