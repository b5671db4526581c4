// What anyone sees without an account: with and without scripts, no cookie, nothing from elsewhere, little to transfer.
import { base, Visit } from "./browser.mjs";

const limit = 60 * 1024;

async function someOffer() {
  const answer = await fetch(`${base}/api/v1/offers?q=Kurs&per_page=1`);
  const body = await answer.json();
  if (!body.items?.length) throw new Error("the demo city has no offer for “Kurs”");
  return body.items[0];
}

export async function publicPages(browser, test) {
  let offer;
  await test("public: the demo city has offers", async () => void (offer = await someOffer()));
  const pages = [
    ["home", "/"],
    ["offers", "/angebote"],
    ["offers-found", "/angebote?q=Deutsch"],
    ["offers-filtered", "/angebote?q=Kurs&free=true&sort=date"],
    ["offers-nothing", "/angebote?q=qwxyzzy"],
    ["offers-bad-page", "/angebote?page=0", 422],
    ["offer", () => `/angebote/${offer.id}`],
    ["provider", () => `/anbieter/${offer.provider.id}`],
    ["imprint", "/impressum"],
    ["privacy", "/datenschutz"],
    ["accessibility", "/barrierefreiheit"],
    ["api-docs", "/api/docs"],
    ["not-found", "/gibt-es-nicht", 404],
    ["offer-not-found", "/angebote/00000000-0000-7000-8000-000000000000", 404],
  ];
  for (const js of [true, false]) {
    for (const [name, path, status] of pages) {
      await test(`public: ${name}, scripts ${js ? "on" : "off"}`, async () => {
        if (typeof path === "function" && !offer) throw new Error("no offer to show");
        const context = await browser.newContext({ javaScriptEnabled: js, locale: "de-DE", viewport: { width: 360, height: 800 } });
        const visit = new Visit(await context.newPage(), { js });
        try {
          await visit.open(typeof path === "function" ? path() : path, status);
          await visit.page.waitForLoadState("networkidle");
          const bytes = visit.bytes;
          const found = await visit.inspect(name);
          if (bytes > limit) found.push(`transfers ${bytes} bytes, more than ${limit}`);
          const cookies = await context.cookies();
          if (cookies.length) found.push(`sets cookies: ${cookies.map((cookie) => cookie.name).join(", ")}`);
          return found;
        } finally {
          await context.close();
        }
      });
    }
  }

  for (const [name, path] of pages.filter(([name]) => ["home", "offers-found", "offer"].includes(name))) {
    await test(`public: ${name} in the dark`, async () => {
      const context = await browser.newContext({ colorScheme: "dark", viewport: { width: 1280, height: 900 } });
      const visit = new Visit(await context.newPage(), { js: true });
      try {
        await visit.open(typeof path === "function" ? path() : path);
        return await visit.inspect(`${name}-dark`);
      } finally {
        await context.close();
      }
    });
  }

  for (const js of [true, false]) {
    await test(`public: search, filter, open an offer, scripts ${js ? "on" : "off"}`, async () => {
      const context = await browser.newContext({ javaScriptEnabled: js, locale: "de-DE", viewport: { width: 1280, height: 900 } });
      const visit = new Visit(await context.newPage(), { js });
      const { page } = visit;
      try {
        await visit.open("/");
        await page.getByRole("searchbox").or(page.getByRole("combobox")).first().fill("Kurs");
        await page.getByRole("button", { name: "Suchen" }).click();
        await page.waitForURL(/\/angebote\?.*q=Kurs/);
        const all = Number.parseInt((await page.locator("[data-count]").innerText()).replace(/\D+/g, " ").trim(), 10);
        const filter = page.locator(".bb-facet__link:visible").first();
        const expected = Number.parseInt((await filter.locator(".bb-facet__count").innerText()).trim(), 10);
        const address = page.url();
        await filter.click();
        await page.waitForFunction((was) => location.href !== was, address);
        await page.locator(".bb-facet__link[aria-current]").first().waitFor();
        const some = Number.parseInt((await page.locator("[data-count]").innerText()).replace(/\D+/g, " ").trim(), 10);
        const found = [];
        if (some !== expected) found.push(`the filter promised ${expected} of ${all} offers and shows ${some}`);
        await page.goBack();
        await page.locator("[data-count]", { hasText: `${all} ` }).waitFor();
        const title = await page.locator(".bb-offer__link").first().innerText();
        await page.locator(".bb-offer__link").first().click();
        await page.waitForURL(/\/angebote\/[^?]+/);
        const heading = await page.getByRole("heading", { level: 1 }).innerText();
        if (heading.trim() !== title.trim()) found.push(`the link “${title}” leads to “${heading}”`);
        return [...found, ...(await visit.inspect("journey-offer"))];
      } finally {
        await context.close();
      }
    });
  }

  await test("public: the first tab key offers the skip link, and it works", async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    try {
      await page.goto(base);
      await page.keyboard.press("Tab");
      const text = await page.evaluate(() => document.activeElement.className);
      if (!text.includes("bb-skip")) return [`focus on ${text || "nothing"}`];
      await page.keyboard.press("Enter");
      const at = await page.evaluate(() => document.activeElement.tagName);
      return at === "MAIN" ? [] : [`the skip link leads to ${at}`];
    } finally {
      await context.close();
    }
  });

  await test("public: a phone shows results first and filters on demand", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 800 } });
    const page = await context.newPage();
    try {
      await page.goto(`${base}/angebote?q=Kurs`);
      const found = [];
      if (await page.locator(".bb-facets").isVisible()) found.push("the filters cover the results at once");
      await page.getByRole("link", { name: "Filtern", exact: true }).click();
      if (!(await page.locator(".bb-facets").isVisible())) found.push("the filters do not open");
      return found;
    } finally {
      await context.close();
    }
  });
}
