import type { CronFacts, SettingsFacts } from "../ports.js";
import type { Finding } from "./finding.js";
import { count, findingsOf } from "./finding.js";

const finding = findingsOf("configuration");

/** What the settings themselves tell: how many hold, and what was odd when they were read. */
export function judgeSettings({ settings, warnings, passwordFrom, metrics }: SettingsFacts): Finding[] {
  const given = settings.filter(({ value, origin }) => value !== null && origin !== "default");
  const from = passwordFrom === null ? "no password" : `password from ${passwordFrom}`;
  return [
    finding("settings", "ok", { what: `${count(given.length, "setting")} given; database: ${from}` }),
    ...warnings.map((what) => finding("setting", "warning", { what })),
    ...(metrics === null ? [] : [judgeMetrics(metrics)]),
  ];
}

function judgeMetrics({ path, folder, fault }: NonNullable<SettingsFacts["metrics"]>): Finding {
  if (fault === null) return finding("metrics-file", "ok", { what: `${path} can be written` });
  const mend = fault.startsWith("it is ")
    ? "PURCHASE_FIX_METRICS_FILE=… # the name of an ordinary file"
    : `sudo install -d -o "$(id -un)" ${folder}`;
  return finding("metrics-file", "warning", {
    what: `the metrics file ${path} cannot be written: ${fault}`,
    why: "every run of reconcile would end with 1, and whoever watches the file would see none of them",
    mend,
  });
}

const ofCron = findingsOf("cron");

/** What a crontab line would not have. */
export function judgeCron(facts: CronFacts): Finding[] {
  const { dotenv, lost, envFile, nodeFolder, zone, problems } = facts;
  const found = [
    ...problems.map(({ what, why, next }) => ofCron("cron-settings", "fault", { what, why, mend: next })),
    ...lost.map(({ variable, from, differs }) => {
      const what = differs
        ? `cron would see another ${variable} than this shell`
        : `cron would not see ${variable}`;
      const file = envFile ?? dotenv;
      const mend =
        from === ".env" && envFile !== null
          ? `purchase-fix doctor --as-cron --env-file ${file}`
          : `printf "%s='%s'\\n" ${variable} "$${variable}" >> ${dotenv} && chmod 600 ${dotenv}`;
      const why = `it stands in ${from === ".env" ? `the .env of this folder` : "this shell's environment"}, and cron reads neither profile nor this folder`;
      return ofCron("cron-variable", "warning", { what, why, mend, subject: variable });
    }),
    ...(nodeFolder === null
      ? []
      : [
          ofCron("cron-path", "warning", {
            what: "cron's PATH (/usr/bin:/bin) has no node, so the program would not start",
            why: `it runs with the one in ${nodeFolder} here`,
            mend: `PATH=${nodeFolder}:/usr/bin:/bin`,
          }),
        ]),
    ...(zone === null
      ? []
      : [
          ofCron("cron-zone", "warning", {
            what: `the logs are read in this shell's TZ (${zone}), which cron does not have`,
            mend: `echo PURCHASE_FIX_LOG_TIMEZONE=${zone} >> ${dotenv}`,
          }),
        ]),
  ];
  if (found.length > 0) return found;
  return [ofCron("cron-settings", "ok", { what: "cron would see what this shell sees" })];
}
