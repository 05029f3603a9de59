/** Everything of `queries` that the composition root opens, so that one dynamic import brings it. The witness comes later, and only when needed. */
export { openAttempts } from "./attempts.js";
export { openAttestations } from "./attestations.js";
export { openCustomers } from "./customers.js";
export { openDatabase } from "./database.js";
export { openEventIds } from "./event-ids.js";
export { openEvidence } from "./evidence.js";
export { openHistory } from "./history.js";
export { openHome } from "./home.js";
export { openJournal } from "./journal.js";
export { openKeeper } from "./keeper.js";
export { openKept } from "./kept.js";
export { openPastRuns } from "./past-runs.js";
export { encryptedTokens } from "./pools.js";
export { openRestraints } from "./restraints.js";
export { openRuns } from "./runs.js";
export { openSales } from "./sales.js";
export { openSuccesses } from "./successes.js";
