/** Everything of `queries` that the composition root opens, so that one dynamic import brings it. The witness comes later, and only when needed. */
export { openAttempts } from "./attempts.js";
export { openCustomers } from "./customers.js";
export { openDatabase } from "./database.js";
export { openEvidence } from "./evidence.js";
export { openJournal } from "./journal.js";
export { encryptedToken } from "./pools.js";
export { openRuns } from "./runs.js";
export { openSales } from "./sales.js";
