import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { describe, expect } from "vitest";
import { keepSecret } from "../cast/binary.js";
import type { Fault } from "./wells.js";
import { alarms, found, sql, test } from "./wells.js";

const own = ["acknowledgement", "release", "success"];
const ofRuns: Readonly<Record<string, Fault>> = {
  "the journal is of version 3, and this role may not bring it up to date": {
    plant: sql(
      `drop table ${own.map((name) => `purchase_fix.${name}`).join(", ")}`,
      "delete from purchase_fix.version where version = 4",
    ),
    alarms: ["journal-schema"],
    mend: /^purchase-fix init --print \| psql /,
  },
  "the tables of version 4 were not granted": {
    plant: sql(`revoke all on ${own.map((name) => `purchase_fix.${name}`).join(", ")} from ROLE`),
    alarms: ["privilege-journal"],
    mend: /^grant select, insert, update on all tables in schema purchase_fix to doctored_\w+;$/,
  },
  "one of them may be read, and not written": {
    plant: sql("revoke insert on purchase_fix.success from ROLE"),
    alarms: ["privilege-journal"],
    mend: /^grant select, insert, update on all tables/,
  },
};

describe.concurrent(
  "doctor finds what reconcile would meet, and raises no other alarm",
  { timeout: 60_000 },
  () => {
    test.for(Object.entries(ofRuns))("%s", found);

    test("a metrics file that cannot be written, whatever is in its way; and writes none itself", async ({
      well,
      folder,
    }) => {
      const at = (name: string) => `${folder.path}/${name}`;
      folder.write("file", "");
      mkdirSync(at("folder"));
      symlinkSync("/etc/hostname", at("link.prom"));
      for (const [name, why, mend] of [
        ["none/m.prom", "ENOENT", `sudo install -d -o "$(id -un)" ${at("none")}`],
        ["file/m.prom", "ENOTDIR", `sudo install -d -o "$(id -un)" ${at("file")}`],
        ["folder", "no ordinary file", "PURCHASE_FIX_METRICS_FILE=… # the name of an ordinary file"],
        ["link.prom", "a symbolic link", "PURCHASE_FIX_METRICS_FILE=… # the name of an ordinary file"],
      ] as const) {
        const diagnosis = await well.doctor({ PURCHASE_FIX_METRICS_FILE: at(name) });
        expect([name, diagnosis.code, alarms(diagnosis)]).toEqual([name, 1, ["metrics-file"]]);
        const told = diagnosis.findings.find((one) => one.name === "metrics-file");
        expect(told).toMatchObject({ level: "warning", what: expect.stringContaining(why) as unknown, mend });
      }
      const good = await well.doctor({ PURCHASE_FIX_METRICS_FILE: at("m.prom") });
      expect([good.code, alarms(good)]).toEqual([0, []]);
      expect(good.findings).toContainEqual(expect.objectContaining({ name: "metrics-file", level: "ok" }));
      expect(readdirSync(folder.path).toSorted()).toEqual(["file", "folder", "link.prom"]);
    });
  },
);

describe.concurrent("the URLs of pings and messages", { timeout: 60_000 }, () => {
  test("are shown as hosts: whoever has one may ping and post", async ({ well, shop }) => {
    for (const key of ["chave9", "gancho9", "robo-9"]) keepSecret("the key of a URL", key);
    const env = {
      ...well.env,
      PURCHASE_FIX_PING_URL: "https://hc.example/chave9",
      PURCHASE_FIX_NOTIFY_URL:
        "https://hooks.example/gancho9 https://bots.example/bot1:robo-9/sendMessage?chat_id=1",
    };
    const { code, stdout } = await shop.run("doctor", { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}PURCHASE_FIX_PING_URL +hc\.example \(environment\)$/m);
    expect(stdout).toMatch(/^ {2}PURCHASE_FIX_NOTIFY_URL +hooks\.example bots\.example \(environment\)$/m);
  });

  test.for(["PURCHASE_FIX_PING_URL", "PURCHASE_FIX_NOTIFY_URL"])(
    "%s that is no URL is told without its text; cron's own settings are looked at beside",
    async (variable, { well, shop, folder }) => {
      keepSecret("the key of a URL", "chave-torta-9");
      const wrong = "http://hc.example/chave-torta-9";
      const { code, stdout, stderr } = await shop.run("doctor --json", {
        env: { ...well.env, [variable]: wrong },
      });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(`${variable} is not an https URL`);
      // What stands in the home's .env is cron's alone.
      folder.write(".env", `${variable}=${wrong}\n`, 0o600);
      const { findings } = await well.doctor({ HOME: folder.path }, "--as-cron");
      expect(findings).toContainEqual(
        expect.objectContaining({
          name: "cron-settings",
          level: "fault",
          what: expect.stringContaining(`${variable} (.env) is not an https URL`) as unknown,
        }),
      );
    },
  );

  test("and the metrics file are missed by cron where only this shell has them", async ({ well, folder }) => {
    const diagnosis = await well.doctor(
      {
        HOME: folder.path,
        PURCHASE_FIX_PING_URL: "https://hc.example/1",
        PURCHASE_FIX_NOTIFY_URL: "https://hooks.example/2",
        PURCHASE_FIX_METRICS_FILE: `${folder.path}/m.prom`,
        PURCHASE_FIX_MAX_ATTEMPTS: "5",
      },
      "--as-cron",
    );
    for (const variable of ["PING_URL", "NOTIFY_URL", "METRICS_FILE", "MAX_ATTEMPTS"])
      expect(alarms(diagnosis)).toContain(`cron-variable PURCHASE_FIX_${variable}`);
  });
});
