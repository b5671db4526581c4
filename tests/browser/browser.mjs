// The browser and what is checked on every page, whoever opens it.
import { mkdirSync } from "node:fs";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

export const base = new URL(process.env.BASE_URL ?? "http://127.0.0.1:8080").origin;
export const widths = [360, 1280];
const output = join(dirname(fileURLToPath(import.meta.url)), "output");
mkdirSync(output, { recursive: true });

const flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export async function launch() {
  return chromium.launch({ executablePath: process.env.BB_CHROMIUM ?? "/usr/bin/chromium", args: flags.split(" ") });
}

const validator = new HtmlValidate({
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // Layout of the source, not of the page.
    "no-trailing-whitespace": "off",
    "attr-quotes": "off",
    "void-style": "off",
    "doctype-style": "off",
    "attribute-boolean-style": "off",
    "attribute-empty-style": "off",
    "no-inline-style": "error",
    // Safari forgets the role of a list or table once its display changes.
    "no-redundant-role": "off",
    "prefer-native-element": "off",
    // Browsers without the attribute send what they sent before; the server reads either.
    "no-implicit-button-type": "error",
    "long-title": "off",
    "tel-non-breaking": "off",
    "wcag/h32": "off",
    "aria-label-misuse": ["error", { allowAnyNamable: true }],
  },
});

/** A page opened by somebody, with everything it said and asked for. */
export class Visit {
  /** `others`: origins besides our own that this visit may reach (the identity provider during sign-in). */
  constructor(page, { js, others = [] }) {
    this.page = page;
    this.js = js;
    this.problems = [];
    page.on("console", (message) => {
      if (message.type() === "error" && !this.expectedStatus(message)) this.problems.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.problems.push(`script: ${error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:", "about:"].includes(url.protocol) && url.origin !== base && !others.includes(url.origin)) this.problems.push(`foreign request: ${url.origin}`);
    });
    page.on("response", (answer) => {
      if (answer.request().isNavigationRequest() && answer.frame() === page.mainFrame() && answer.status() < 300) this.document = answer;
    });
    this.bytes = 0;
    page.setDefaultTimeout(15000);
    page.on("requestfinished", async (request) => {
      const sizes = await request.sizes().catch(() => null);
      if (sizes) this.bytes += sizes.responseBodySize + sizes.responseHeadersSize;
    });
  }

  // Chromium reports the 404 that a test of the error page asked for as a console error.
  expectedStatus(message) {
    return this.status && /Failed to load resource/.test(message.text()) && message.location().url === this.page.url();
  }

  async open(path, status = 200) {
    this.status = status === 200 ? null : status;
    const answer = await this.page.goto(new URL(path, base).href, { waitUntil: "load" });
    if (answer.status() !== status) this.problems.push(`answered ${answer.status()}, expected ${status}`);
    return answer;
  }

  /** Checks the page as it is now, at both widths, and keeps a screenshot of each. `ours`: it has the portal's frame. */
  async inspect(name, { ours = true } = {}) {
    const { page } = this;
    const found = this.problems.splice(0);
    const before = page.viewportSize();
    const html = await this.document?.text().catch(() => null);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(output, `${name}-${width}-${this.js ? "js" : "nojs"}.png`), fullPage: true });
      const seen = await page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        wide: [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".bb-table-frame")).slice(0, 3).map((e) => e.outerHTML.slice(0, 120)),
        h1: document.querySelectorAll("h1").length,
        lang: document.documentElement.lang,
        title: document.title,
        links: ["/impressum", "/datenschutz", "/barrierefreiheit"].filter((path) => !document.querySelector(`footer a[href$="${path}"]`)),
        styled: getComputedStyle(document.querySelector("footer") ?? document.body).backgroundColor,
      }));
      if (seen.scroll > 0) found.push(`${width}: scrolls sideways by ${seen.scroll} px (${seen.wide.join(" ")})`);
      if (seen.h1 !== 1) found.push(`${width}: ${seen.h1} h1 headings`);
      if (!seen.lang) found.push("no language");
      if (!seen.title.trim()) found.push("no title");
      if (ours && seen.links.length) found.push(`footer without ${seen.links.join(", ")}`);
      if (this.js) {
        const result = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
        for (const violation of result.violations) found.push(`${width}: axe ${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
      }
    }
    if (before) await page.setViewportSize(before);
    if (!this.js && html) {
      const report = await validator.validateString(html);
      for (const message of report.results.flatMap((result) => result.messages)) found.push(`html ${message.ruleId} at ${message.line}:${message.column}: ${message.message}`);
    }
    found.push(...this.problems.splice(0));
    return [...new Set(found)];
  }
}
