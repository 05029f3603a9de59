import { describe, expect, test } from "vitest";
import { outletsOf } from "../../src/config/outlets.js";
import { notify } from "../../src/outlets/notify.js";
import type { Secret } from "../../src/redact.js";
import { closedPort, http, tcp } from "../meta/servers.js";
import { hurried } from "./times.js";

const hook = "/services/T000/B000/key-of-the-webhook";
const bot = "/bot123456:key-of-the-bot/sendMessage";
const answering = (status = 200, text = "ok", headers = {}) =>
  http((_, response) => response.writeHead(status, headers).end(text));
/** As it comes from a configuration, which tells the filter of secrets. */
function at(url: URL, path = hook): Secret {
  const flags = { notifyUrl: [new URL(path, url).href] };
  const [secret] = outletsOf({ layers: [], problems: [], warnings: [] }, "/", flags).notifyUrls;
  return secret ?? expect.unreachable();
}
const sent = (body: string | undefined) => JSON.parse(body ?? "") as Record<string, unknown>;

describe("a message", () => {
  test("goes to a Slack-compatible webhook as text that can neither mention nor link", async () => {
    const server = await answering();
    expect(await notify(at(server.url), "a < b & <!channel>\nnext", hurried())).toBeNull();
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`POST ${hook}`]);
    expect(server.requests[0]?.headers["content-type"]).toBe("application/json");
    expect(sent(server.requests[0]?.body)).toEqual({ text: "a &lt; b &amp; &lt;!channel&gt;\nnext" });
  });

  test("goes to Telegram as plain text, its chat in the body", async () => {
    const server = await answering(200, '{"ok":true}');
    const url = at(server.url, `${bot}?chat_id=-100987&disable_notification=true`);
    expect(await notify(url, "a < b & c", hurried())).toBeNull();
    expect(server.requests.map(({ path }) => path)).toEqual([bot]);
    expect(sent(server.requests[0]?.body)).toEqual({
      chat_id: "-100987",
      disable_notification: "true",
      text: "a < b & c",
    });
  });

  test("to a webhook with a query keeps it", async () => {
    const server = await answering();
    await notify(at(server.url, "/hook?key=abc"), "text", hurried());
    expect(server.requests.map(({ path }) => path)).toEqual(["/hook?key=abc"]);
  });
});

describe("what does not arrive is a trouble and never an error", () => {
  test.each([
    [429, { "retry-after": "2" }, 2_000],
    [429, { "retry-after": "3600" }, 3_000],
    [429, { "retry-after": "Fri, 20 Nov 2026 14:00:00 GMT" }, 1_000],
    [500, {}, 1_000],
    [503, {}, 1_000],
  ])("%i %j: one more try after %i ms", async (status, headers, waited) => {
    const server = await answering(status, "busy", headers);
    const posting = hurried();
    const trouble = await notify(at(server.url), "text", posting);
    expect([server.requests.length, posting.pauses]).toEqual([2, [waited]]);
    expect(trouble).toMatchObject({ why: `it answered HTTP ${status} (busy)`, next: null, exitCode: 0 });
  });

  test("429 once, and the second try arrives", async () => {
    let asked = 0;
    const server = await http((_, response) => response.writeHead((asked += 1) === 1 ? 429 : 200).end());
    expect(await notify(at(server.url), "text", hurried())).toBeNull();
    expect(server.requests).toHaveLength(2);
  });

  test("403 is told with the service's words and what to check, and not repeated", async () => {
    const server = await answering(403, "invalid_token\u001b[2J");
    expect(await notify(at(server.url), "text", hurried())).toEqual({
      what: `The message to ${server.url.host} was not posted`,
      why: "it answered HTTP 403 (invalid_token [2J)",
      next: "check --notify-url (PURCHASE_FIX_NOTIFY_URL)",
      exitCode: 0,
      evenQuiet: true,
    });
    expect(server.requests).toHaveLength(1);
  });

  test("a redirect is not followed: the key would go to whoever is named", async () => {
    const elsewhere = await answering();
    const server = await answering(308, "", { location: new URL(hook, elsewhere.url).href });
    expect(await notify(at(server.url), "text", hurried())).toMatchObject({
      why: "HTTP 308: redirects are not followed",
    });
    expect(elsewhere.requests).toEqual([]);
  });

  test("a request without an answer is not repeated: it may have been posted", async () => {
    const silent = await tcp(() => undefined);
    const url = new URL(`http://127.0.0.1:${silent.port}`);
    expect(await notify(at(url), "text", hurried())).toMatchObject({ why: "no answer within 0.3 s" });
    expect(silent.connections()).toBe(1);
  });

  test("nor is one whose connection breaks; where nobody listens there is a second try", async () => {
    const reset = await tcp((socket) => socket.once("data", () => socket.destroy()));
    const [broken, refused] = [hurried(), hurried()];
    const url = (port: number) => at(new URL(`http://127.0.0.1:${port}`));
    expect(await notify(url(reset.port), "text", broken)).toMatchObject({
      why: expect.stringMatching(/closed|ECONNRESET/) as unknown,
    });
    expect([reset.connections(), broken.pauses]).toEqual([1, []]);
    expect(await notify(url(await closedPort()), "text", refused)).toMatchObject({
      why: expect.stringContaining("ECONNREFUSED") as unknown,
    });
    expect(refused.pauses).toEqual([1_000]);
  });

  test("a service that quotes the request back does not bring its key into our words", async () => {
    const server = await http((request, response) =>
      response.writeHead(400).end(`no such ${request.url?.replace(/^.bot/, "")}`),
    );
    for (const path of [hook, bot])
      expect(JSON.stringify(await notify(at(server.url, path), "text", hurried()))).not.toMatch(/key-of-the/);
  });
});
