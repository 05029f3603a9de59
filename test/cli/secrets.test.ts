/* oxlint-disable no-empty-pattern -- vitest reads from the pattern what a fixture needs, be it nothing */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { keepSecret, refuseSecrets } from "../cast/binary.js";
import { test as withShop } from "./fixtures.js";

const test = withShop.extend("echo", async ({}, { onCleanup }) => {
  // Not what Graph does, but what some proxy on the way may do: it quotes the request, token and all.
  const server = createServer((request, response) => {
    const message = `you said: ${JSON.stringify(request.headers)} to ${request.url}`;
    response.writeHead(400, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ error: { message, code: 100, error_subcode: 2804050, fbtrace_id: message } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

describe.concurrent("no output of any invocation holds a secret", () => {
  test("and the check of these tests would notice", async ({ shop }) => {
    const row = await shop.sale({ customerPhone: "+55 11 98765-4321", customerName: "Ana Lúcia de Souza" });
    const [sale] = await shop.db.query<{ customer_email: string }>("select * from payments where id = $1", [
      row,
    ]);
    const names = [
      "senha-do-banco-7f",
      shop.key,
      "Ana Lúcia de Souza",
      "+55 11 98765-4321",
      sale?.customer_email ?? "",
    ];
    for (const name of names)
      expect(() => refuseSecrets(`so: ${name}.`)).toThrow(/ was printed after: so: $/);
    await expect(shop.run(["find-stuck", "--id", "Ana Lúcia de Souza"])).rejects.toThrow(
      "customer_name was printed",
    );
    expect(() => refuseSecrets("authorization: Bearer [token]")).not.toThrow();
  });

  test("though what answers quotes the access token: neither output nor journal repeats it", async ({
    shop,
    echo,
  }) => {
    const sale = await shop.sale();
    const sent = await shop.run(`resend --id ${sale} --json`, { env: { META_GRAPH_URL: echo } });
    expect(sent.stdout).toContain("you said: ");
    expect(sent.code).toBe(1);
    const listed = await shop.run("journal --json");
    expect(listed.stdout).toContain("you said: ");
    const journal = await shop.db.query<{ row: string }>("select a::text as row from purchase_fix.attempt a");
    expect(journal).toHaveLength(1);
    for (const { row } of journal) expect(() => refuseSecrets(row)).not.toThrow();
  });

  test("nor does the journal hold anything about a customer", async ({ shop }) => {
    const sale = await shop.sale({
      customerPhone: "+55 11 91234-5678",
      extra: { customer_document: "123.456.789-09" },
    });
    await shop.run(`resend --id ${sale}`);
    const rows = await shop.db.query<{ row: string }>(
      "select a::text as row from purchase_fix.attempt a union all select r::text from purchase_fix.run r",
    );
    expect(rows).toHaveLength(2);
    for (const { row } of rows) expect(() => refuseSecrets(row)).not.toThrow();
  });

  test("nor does the server's list of sessions, which everybody reads", async ({ shop, gate }) => {
    const sale = await shop.sale();
    const running = shop.start(`resend --id ${sale}`, gate);
    await gate.arrived;
    const sessions = await shop.db.query<{ application_name: string; query: string }>(
      "select application_name, query from pg_stat_activity where application_name like 'purchase-fix/%' and datname = current_database()",
    );
    gate.open();
    expect((await running.ended).code).toBe(0);
    expect(sessions.length).toBeGreaterThan(0);
    for (const { application_name: name, query } of sessions) {
      expect(name).toMatch(/^purchase-fix\/\d+\.\d+\.\d+:resend$/);
      expect(() => refuseSecrets(query)).not.toThrow();
    }
  });

  test("even where the database itself quotes a customer in its error", async ({ shop }) => {
    const email = "ana.lucia.cliente@example.com";
    keepSecret("a customer's e-mail", email);
    const sale = await shop.sale({ customerEmail: email });
    // The shop's own trigger, as there are some: its message names the customer.
    await shop.db.query(
      `create function quote() returns trigger language plpgsql as
       $$ begin raise exception using message = 'row refused', detail = new.customer_email, hint = new.customer_email; end $$`,
    );
    await shop.db.query(
      "create trigger quote before update on payments for each row execute function quote()",
    );
    const { code, stdout } = await shop.run(`revert --id ${sale}`);
    expect(stdout).toContain("the shop's database refused the write: row refused");
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });
});
