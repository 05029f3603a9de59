import type { Evidence, Trace } from "../../src/sales/evidence.js";
import { noEvidence } from "../../src/sales/evidence.js";
import { defaultPatience, judge } from "../../src/sales/verdict.js";
import { rawOf, saleOf } from "./customers.js";

/*
 * Judges sales in memory: `node judge.js COUNT`. A third has no evidence, a third was accepted by the logs, a third refused
 * for certain.
 */

const count = Math.floor(Number(process.argv[2]) / 3) * 3;
const policy = { ...defaultPatience, pixelId: null, noBrowserPixel: false, trustInferred: false };
const sales = Array.from({ length: 999 }, (_, n) => saleOf(rawOf(n), n + 1));
const evidence = sales.map(({ pageviewEventId, flaggedAt }, n): Evidence => {
  if (n % 3 === 0) return noEvidence;
  const accepted = n % 3 === 1;
  const trace: Trace = {
    source: "worker log",
    by: "application",
    at: flaggedAt ?? 0,
    pixelId: "410000000000001",
    eventId: pageviewEventId,
    result: accepted ? "accepted" : "refused",
    unsettled: false,
    because: accepted ? "Meta received it" : "Meta refused it",
  };
  return { ...noEvidence, traces: [trace], complete: true };
});

const now = Date.now();
const kinds: Record<string, number> = {};
const begun = performance.now();
for (let n = 0; n < count; n += 1) {
  const [sale, known] = [sales[n % sales.length], evidence[n % sales.length]];
  if (sale === undefined || known === undefined) throw new RangeError("no such sale");
  const { kind } = judge(sale, known, { fault: null }, policy, now);
  kinds[kind] = (kinds[kind] ?? 0) + 1;
}
process.stdout.write(JSON.stringify({ wallMs: performance.now() - begun, kinds }));
