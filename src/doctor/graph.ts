import type { GraphFacts, PixelFact } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { DAY } from "../sales/sale.js";
import { age, iso } from "../sales/time.js";
import type { Finding } from "./finding.js";
import { count, findingsOf } from "./finding.js";
import { lifeOf, NEWEST_VERSION } from "./graph-versions.js";

const finding = findingsOf("meta");

/** A token that ends within that time should be renewed now. */
const ENDING = 14 * DAY;

/** What Meta says, asked without sending anything. Inconclusive is no fault: some tokens may only send. */
export function judgeGraph(facts: GraphFacts, now: Instant): Finding[] {
  const { unreached, host, skipped } = facts;
  const version = judgeVersion(facts, now);
  if (unreached !== null) {
    const what = `${host} was not reached: ${unreached}`;
    const mend = `curl -sS -o /dev/null -w '%{http_code}\\n' https://${host}/`;
    return [
      version,
      finding("graph-reachable", "unknown", { what, why: "tokens and pixels were not checked", mend }),
    ];
  }
  return [
    version,
    finding("graph-reachable", "ok", { what: `${host} answers` }),
    ...facts.pixels.flatMap((one) => [judgeToken(one, now), judgePixel(one)]),
    ...(skipped === 0
      ? []
      : [
          finding("pixel", "note", {
            what: `${count(skipped, "more pool")} of other tokens were not asked about`,
          }),
        ]),
  ];
}

function judgeVersion({ version, versionWarning, versionRefused }: GraphFacts, now: Instant): Finding {
  const mend = `META_GRAPH_VERSION=${NEWEST_VERSION}`;
  if (versionRefused !== null)
    return finding("graph-version", "fault", {
      what: `Meta does not serve ${version}: ${versionRefused}`,
      mend,
    });
  if (versionWarning !== null)
    return finding("graph-version", "warning", {
      what: `Meta used another version than ${version}: ${versionWarning}`,
      mend,
    });
  const life = lifeOf(version, now);
  switch (life.kind) {
    case "ended": {
      const what = `Meta's ${version} has ended${life.at === null ? "" : ` on ${life.at}`}`;
      return finding("graph-version", "fault", { what, why: "every request is refused", mend });
    }
    case "ending":
      return finding("graph-version", "warning", {
        what: `Meta's ${version} ends on ${life.at ?? ""}, in ${age(Date.parse(life.at ?? "") - now)}`,
        why: "from then on every request is refused",
        mend,
      });
    case "newer":
      return finding("graph-version", "note", { what: `${version} is newer than what this program knows` });
    default:
      return finding("graph-version", "ok", { what: `${version} is served by Meta` });
  }
}

function nameOf({ pool, pixelId }: PixelFact): string {
  const pixel = `pixel …${pixelId.slice(-4)}`;
  return pool === null ? pixel : `pool ${pool}, ${pixel}`;
}

function judgeToken(fact: PixelFact, now: Instant): Finding {
  const { token } = fact;
  const subject = nameOf(fact);
  const mend =
    fact.pool === null
      ? "make a new access token in Meta's Events Manager, and put it into META_ACCESS_TOKEN_FILE"
      : `make a new access token in Meta's Events Manager, and store it for pool ${fact.pool} in the shop's own settings`;
  if (token.kind !== "valid") {
    if (token.kind === "inconclusive")
      return finding("access-token", "unknown", {
        subject,
        what: `the access token was not judged: ${token.because}`,
      });
    const what = `Meta does not accept the access token: ${token.because}`;
    return finding("access-token", "fault", {
      subject,
      what,
      why: "whatever is sent with it is refused",
      mend,
    });
  }
  const { expiresAt } = token;
  if (expiresAt === null)
    return finding("access-token", "ok", { subject, what: "the access token is valid, without an end" });
  const until = `the access token is valid until ${iso(expiresAt)}`;
  const isEnding = expiresAt - now < ENDING;
  return finding("access-token", isEnding ? "warning" : "ok", {
    subject,
    what: until,
    mend: isEnding ? mend : null,
  });
}

function judgePixel(fact: PixelFact): Finding {
  const subject = nameOf(fact);
  const { pixel } = fact;
  if (pixel.kind === "seen") return finding("pixel", "ok", { subject, what: "its token reaches the pixel" });
  return finding("pixel", "unknown", {
    subject,
    what: `whether its token reaches the pixel is not known: ${pixel.because}`,
    why: "a wrong pixel id answers like that, and so does a token that may send and not look",
    mend:
      fact.pool === null
        ? "compare META_PIXEL_ID with the id in Meta's Events Manager"
        : `select id, right(meta_pixel_id, 4) from redirect_pools where id = ${fact.pool}; -- as in Meta's Events Manager?`,
  });
}
