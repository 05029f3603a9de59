import type { Account, Group, Grouping, Sums } from "./account.js";
import { groupings } from "./account.js";
import { JSON_VERSION } from "./json.js";
import { iso } from "./time.js";

/** What the documents of `report` begin with. */
export function accountHead({ generatedAt, since, until, timeZone, currency }: Account) {
  const window = { since: iso(since), until: until === null ? null : iso(until), timeZone };
  return { version: JSON_VERSION, command: "report", generatedAt: iso(generatedAt), window, currency };
}

/** The document of `report --json`; of one grouping only where one was asked for. */
export function accountJson(account: Account, by: Grouping | null) {
  const wanted = groupings.filter((one) => by === null || one === by);
  return {
    ...accountHead(account),
    totals: { ...sumsJson(account.totals), outside: account.outside },
    ...Object.fromEntries(
      wanted.map((one) => [names[one], account.groups[one].map((g) => groupJson(one, g))]),
    ),
  };
}

const names: Readonly<Record<Grouping, string>> = {
  day: "byDay",
  bot: "byBot",
  pixel: "byPixel",
  cause: "byCause",
};

export function groupJson(by: Grouping, group: Group) {
  const { key, label } = group;
  const whose = {
    day: { day: key },
    bot: { botId: Number(key), botName: label },
    pixel: { pixelId: key },
    cause: { cause: key },
  }[by];
  return { ...whose, ...sumsJson(group) };
}

export function sumsJson({ count, amount, byFate }: Sums) {
  return { count, amount, ...byFate };
}
