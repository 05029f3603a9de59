import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPage } from "../../src/output/html.js";
import { fateTable } from "../../src/sales/account.js";
import { remember } from "../../src/redact.js";
import { accountOfSales, bots, counted, monthOfSales } from "../cast/account.js";
import type { Browser, Look, Tab } from "../cast/browser.js";
import { hasBrowser, startBrowser } from "../cast/browser.js";

describe("the page of a report", () => {
  test("says in words what became of the sales, and what each word means", () => {
    const page = accountPage(accountOfSales(monthOfSales()));
    expect(page).toContain("142 sales got stuck, worth BRL 17881.80.");
    expect(page).toContain("Outside this window 3 sales are still open, BRL 291.00.");
    expect(page).toContain("Sales created 2026-10-28 to 2026-11-26, days of America/Sao_Paulo.");
    for (const { title, meaning } of Object.values(fateTable)) {
      expect(page).toContain(`</span>${title}</dt>`);
      expect(page).toContain(`<dd>${meaning}</dd>`);
    }
  });

  test("needs nothing but itself: it fetches nothing and runs nothing", () => {
    const page = accountPage(accountOfSales(monthOfSales()));
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(| href=|https?:/i);
  });

  test("holds no markup, secret or terminal code of a bot's name", () => {
    remember("segredo-do-banco-3f");
    const names = ["</title><b>", `"'&<>`, "a\u001b[2Jb\u202ec", "segredo-do-banco-3f"];
    const page = accountPage(accountOfSales(names.map((botName, at) => counted({ botId: at, botName }))));
    expect(page).not.toContain("</title><b>");
    expect(page).toContain("&lt;/title&gt;&lt;b&gt;");
    expect(page).toContain("&quot;&#39;&amp;&lt;&gt;");
    expect(page).toContain("a␛[2Jb&lt;U+202E&gt;c");
    expect(page).not.toContain("segredo");
  });

  test("of no sale at all has no chart, and says so", () => {
    const page = accountPage(accountOfSales([], { outside: { count: 0, amount: "0.00" } }));
    expect(page).toContain("No sale is stuck, and the journal knows of none.");
    expect(page).not.toMatch(/<svg|<table|Outside this window/);
  });
});

describe.runIf(hasBrowser())("the page in a real browser", () => {
  let browser: Browser;
  let folder: string;
  const open = async (page: string, look: Look): Promise<Tab> => {
    const file = join(folder, "report.html");
    writeFileSync(file, page);
    return await browser.open(pathToFileURL(file).href, look);
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "purchase-fix-page-"));
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });
  /** `LOOK=folder`: keeps the page's beginning as a picture, since no assertion sees what is ugly. */
  const look = async (tab: Tab, name: string): Promise<void> => {
    const place = process.env["LOOK"];
    if (place === undefined) return;
    mkdirSync(place, { recursive: true });
    for (const part of [0, 1, 2, 3])
      writeFileSync(join(place, `${name}-${part}.png`), await tab.screenshot(part * 1100, 1100));
  };
  const month = accountOfSales(monthOfSales());

  test("opens without asking for anything else, without a complaint, and runs no bot's name", async () => {
    const tab = await open(accountPage(month), { width: 1280 });
    expect(await tab.value("document.title")).toBe("Stuck sales, 2026-10-28 to 2026-11-26");
    expect(await tab.value("document.querySelectorAll('script, img, main title ~ b').length")).toBe(0);
    expect(
      await tab.value("[...document.querySelectorAll('table.bot tbody th')].map((th) => th.innerText)"),
    ).toContain(bots[3]);
    expect(tab.requests.map((url) => url.split("/").at(-1))).toEqual(["report.html"]);
    expect(tab.complaints).toEqual([]);
  });

  test.each([390, 320, 768, 1280])(
    "fits a screen of %i pixels; what is wider scrolls by itself",
    async (width) => {
      const tab = await open(accountPage(month), { width });
      const wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      expect(await tab.value(wider)).toBe(0);
      const scrolls = await tab.value<boolean[]>(
        "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth > one.clientWidth)",
      );
      expect(scrolls).toHaveLength(4);
      if (width < 500) expect(scrolls).not.toContain(false);
      if (width > 1000) expect(scrolls).not.toContain(true);
      await look(tab, `${width}`);
      const small =
        "[...document.querySelectorAll('body *')].filter((one) => one.innerText && parseFloat(getComputedStyle(one).fontSize) < 12).length";
      expect(await tab.value(small)).toBe(0);
    },
  );

  test("draws bars as long as there are sales, and each chart is told to who cannot see it", async () => {
    const [few, many] = [counted({ botId: 1 }), counted({ botId: 2, botName: "Vovó", fate: "resent" })];
    const tab = await open(accountPage(accountOfSales([few, many, many, many, many])), { width: 1000 });
    const widths = await tab.value<number[]>(
      "[...document.querySelectorAll('[aria-labelledby^=bot-] rect:not(.ground)')].map((one) => one.getBoundingClientRect().width)",
    );
    expect(widths).toHaveLength(2);
    expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(4, 1);
    const told = await tab.value<string[]>(
      `[...document.querySelectorAll('svg')].map((svg) => svg.getAttribute('aria-labelledby').split(' ')
        .map((id) => document.getElementById(id).textContent).join(': '))`,
    );
    expect(told).toContain(
      "Sales by day: 2026-10-28 to 2026-11-26, at most 5 a day; the table beneath has the figures",
    );
    expect(told).toContain("Vovó: 4 in all, 388.00: 4 resent");
    expect(await tab.value("document.querySelectorAll('svg:not([role=img])').length")).toBe(0);
    expect(await tab.value("document.documentElement.lang")).toBe("en");
    expect(await tab.value("document.querySelectorAll('.days g').length")).toBe(30);
  });

  test.each([false, true])("can be read by day and by night (dark: %s)", async (dark) => {
    const tab = await open(accountPage(month), { width: 800, dark });
    const contrast = await tab.value<number>(`(() => {
      const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255)
        .map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
      const of = (one, name) => light(getComputedStyle(document.querySelector(one))[name]);
      return Math.min(...['.lead', '.note', 'th', '.money'].map((one) => {
        const pair = [of(one, 'color'), of('.card', 'backgroundColor')];
        return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      }));
    })()`);
    await look(tab, dark ? "dark" : "light");
    expect(contrast).toBeGreaterThan(4.5);
    const ground = await tab.value<string>("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe(dark ? "rgb(21, 20, 19)" : "rgb(247, 245, 242)");
  });
});
