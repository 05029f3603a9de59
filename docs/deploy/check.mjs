// npm run check:deploy: the samples of this folder against the real programs that would read them, where these are here.
// Not run by anything here: a container engine, a cluster, systemd itself. kubernetes-models holds Kubernetes' own schemas.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const MISSING = "missing";
const validate = `
import { readFileSync } from "node:fs";
import { CronJob } from "kubernetes-models/batch/v1/CronJob";
import { parse } from "yaml";
new CronJob(parse(readFileSync(process.argv[2], "utf8"))).validate();
`;
/** @type {[string, () => string | null][]} */
const checks = [
  [
    "systemd-analyze verify",
    () => run("systemd-analyze", ["verify", "purchase-fix.service", "purchase-fix.timer"]),
  ],
  ["promtool check rules", () => run("promtool", ["check", "rules", "alerts.yml"])],
  ["promtool test rules", () => run("promtool", ["test", "rules", "alerts.test.yml"])],
  ["cronjob.yaml, by Kubernetes' schema", cronJob],
];

for (const [name, check] of checks) {
  const trouble = check();
  process.stdout.write(
    `${trouble === null ? "ok     " : trouble === MISSING ? "MISSING" : "FAILED "} ${name}\n`,
  );
  if (trouble !== null) process.exitCode = 1;
  if (trouble !== null && trouble !== MISSING) process.stderr.write(`${trouble}\n`);
}

/** Null where all is well. */
function run(program, words, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, words, {
    cwd: here,
    encoding: "utf8",
    ...options,
  });
  if (error?.code === "ENOENT") return MISSING;
  return status === 0 && stderr === "" ? null : `${stdout}${stderr}`;
}

function cronJob() {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-deploy-"));
  try {
    const words = [
      "install",
      "--no-save",
      "--silent",
      "--prefix",
      folder,
      "kubernetes-models@5.1.0",
      "yaml@2.9.1",
    ];
    const trouble = run("npm", words);
    if (trouble !== null) return trouble;
    // Its schemas are ES modules, which are found from where the importing file lies.
    const file = join(folder, "validate.mjs");
    writeFileSync(file, validate);
    return run(process.execPath, [file, join(here, "cronjob.yaml")]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
