import { resolve } from "node:path";
import type { CelerySettings, ConfigInput } from "../config.js";
import { asKeyPrefix, asModule, asPath, asQueues } from "./forms.js";
import { optional, usual } from "./reading.js";
import type { Reading } from "./reading.js";

/** How the workers are asked, as far as settings tell. */
export function celeryOf(reading: Reading, { flags, cwd }: ConfigInput): CelerySettings {
  const folder = optional(reading, "PURCHASE_FIX_CELERY_CWD", flags.celeryCwd, asPath);
  return {
    app: usual(reading, "PURCHASE_FIX_CELERY_APP", flags.celeryApp, asModule),
    binary: usual(reading, "PURCHASE_FIX_CELERY_BIN", flags.celeryBin, asPath),
    cwd: folder === null ? null : resolve(cwd, folder),
    queues: usual(reading, "PURCHASE_FIX_CELERY_QUEUES", undefined, asQueues),
    keyPrefix: optional(reading, "PURCHASE_FIX_CELERY_KEYPREFIX", undefined, asKeyPrefix) ?? "",
  };
}
