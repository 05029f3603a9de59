import { randomBytes } from "node:crypto";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { shopSchema } from "../../demo/postgres-schema.js";
import { startPostgres } from "../../demo/postgres.js";

declare module "vitest" {
  /** What every test file can `inject()`. */
  export interface ProvidedContext {
    /** Of the superuser of the run's own server, on the database `postgres`; its time zone is UTC. */
    postgresUrl: string;
    /** The database that `shopDatabase()` copies; its name differs per run, since a run may share an existing server. */
    shopTemplate: string;
  }
}

/** One server for the whole run, with the shop's tables in a template that each test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const template = `template_shop_${randomBytes(4).toString("hex")}`;
  const postgres = await startPostgres();
  await run(postgres.url, `create database ${template} template template0 encoding 'UTF8'`);
  const inTemplate = new URL(postgres.url);
  inTemplate.pathname = `/${template}`;
  await run(inTemplate.href, shopSchema());
  project.provide("postgresUrl", postgres.url);
  project.provide("shopTemplate", template);
  return async () => {
    if (postgres.origin === "TEST_DATABASE_URL")
      await run(postgres.url, `drop database ${template} with (force)`);
    await postgres.stop();
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
