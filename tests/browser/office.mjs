// One journey through the office, each step by the person whose task it is, with and without scripts: offers and data come in,
// two people release a value, the problem it shows becomes a decided measure, a newcomer's case is opened, referred, answered and
// changes hands. Every page on the way passes the checks of browser.mjs.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { base, Visit } from "./browser.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The published table with one count of Kaiserslautern changed, as a correction by the statistical office would. */
function correctedTable(count) {
  const text = readFileSync(join(root, "deploy/demo/schulabgaenge-21111-02-06-4.csv"), "latin1");
  const corrected = text.replace(/(Kaiserslautern, kreisfreie Stadt;\d+;\d+;)\d+;/, `$1${count};`);
  if (corrected === text) throw new Error("the demo table has no row for Kaiserslautern");
  return Buffer.from(corrected, "latin1");
}

/** An Open-vhs catalogue of three courses; the second has a date that does not exist, the third no name. */
function courses(title) {
  const course = (number, name, day) => `<veranstaltung><guid>${number}</guid><nummer>${number}</nummer>${name ? `<name>${name}</name>` : ""}
    <beginn_datum>${day}</beginn_datum><ende_datum>${day}</ende_datum><text><eigenschaft>Beschreibung</eigenschaft><text>Wir lernen gemeinsam.</text></text>
    <veranstaltungsort><name>Haus</name><adresse><plz>62001</plz><ort>Beispielstadt</ort></adresse></veranstaltungsort>
    <termin><beginn_datum>${day}</beginn_datum><beginn_uhrzeit>18:00:00</beginn_uhrzeit><ende_uhrzeit>19:30:00</ende_uhrzeit></termin><preis><betrag>20.00</betrag></preis></veranstaltung>`;
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<openvhs:veranstaltungen version="1.2" xmlns:openvhs="http://www.dvv-vhs.de/Open-VHS"><export><erstellungszeitpunkt>2026-02-01T03:00:00+01:00</erstellungszeitpunkt><ersteller><guid>1</guid><name>Volkshochschule Probe</name></ersteller></export>
${course("P-1", title, "2031-03-04")}${course("P-2", `${title} für Geübte`, "2031-02-31")}${course("P-3", "", "2031-03-06")}</openvhs:veranstaltungen>`);
}

export async function officeJourney(browser, test) {
  const signIn = await fetch(`${base}/sign-in`, { redirect: "manual" });
  const issuer = new URL(signIn.headers.get("location") ?? base, base).origin;

  for (const js of [true, false]) {
    const mode = `scripts ${js ? "on" : "off"}`;
    const suffix = js ? "a" : "b";

    /** A step of the journey by one person, in a browser of their own. */
    const step = (name, person, body) =>
      test(`office: ${name}, ${mode}`, async () => {
        const context = await browser.newContext({ javaScriptEnabled: js, locale: "de-DE", viewport: { width: 1280, height: 900 } });
        const visit = new Visit(await context.newPage(), { js, others: [issuer] });
        const { page } = visit;
        try {
          if (person) {
            await visit.open("/sign-in");
            await page.locator(`button[value="${person}"]`).click();
            await page.waitForURL(`${base}/office**`);
          }
          const found = [];
          await body({ visit, page, context, inspect: async (as) => found.push(...(await visit.inspect(as)).map((fault) => `${as}: ${fault}`)) });
          return found;
        } finally {
          await context.close();
        }
      });

    await step("the demo's choice of persons", null, async ({ visit }) => {
      await visit.open("/sign-in");
      const found = await visit.inspect("sign-in", { ours: false });
      if (found.length) throw new Error(found.join("; "));
    });

    const submit = (page, name) => page.getByRole("main").getByRole("button", { name }).click();
    const expectText = (page, text) => page.getByRole("main").getByText(text).first().waitFor();

    /** Reloads until a run that goes on in the background has got somewhere. */
    const until = async (page, done) => {
      for (let round = 0; round < 60; round += 1) {
        if (await done().isVisible()) return;
        await page.waitForTimeout(500);
        await page.reload();
      }
      throw new Error(`${page.url()} does not get on: ${(await page.getByRole("main").innerText()).slice(0, 300)}`);
    };

    await step("the landing page shows the loop", "demo-education_manager", async ({ page, inspect }) => {
      await inspect("office");
      for (const link of ["Maßnahmen", "Akteure"]) await page.getByRole("main").getByRole("link", { name: link }).waitFor();
    });

    await step("offers are tried, then imported", "demo-editor", async ({ page, inspect, visit }) => {
      await visit.open("/office/imports");
      await inspect("office-imports");
      const upload = async (dry) => {
        await visit.open("/office/imports");
        await page.getByLabel("Quelle", { exact: false }).first().fill(`vhs-browser-${suffix}`);
        await page.locator(`input[name="dry_run"][value="${dry}"]`).check();
        await page.locator('input[type="file"]').setInputFiles({ name: "kurse.xml", mimeType: "application/xml", buffer: courses(`Browserprobe ${suffix}`) });
        await submit(page, "Datei hochladen");
        await page.waitForURL(/\/office\/imports\/[0-9a-f-]{36}/);
        await until(page, () => page.locator("main .bb-status").filter({ hasNotText: /wartet|läuft|Warteschlange/i }).first());
        await page.locator(".bb-figures").first().waitFor();
      };
      await upload(true);
      await inspect("office-import-dry-run");
      await upload(false);
      await inspect("office-import-report");
      const read = async (figure) => Number(await page.locator(".bb-figure", { hasText: figure }).locator("dd").innerText());
      if ((await read("gelesen")) !== 3 || (await read("neu")) < 1 || (await read("neu")) + (await read("abgelehnt")) !== 3) throw new Error("the report does not count three records");
    });

    await step("a corrected table is loaded and checked", "demo-analyst", async ({ page, inspect, visit }) => {
      await visit.open("/office/data");
      await inspect("office-data");
      await page.locator('input[name="dry_run"][value="true"]').check();
      await page.locator('input[type="file"]').setInputFiles({ name: "schulabgaenge.csv", mimeType: "text/csv", buffer: correctedTable(js ? 111 : 115) });
      await submit(page, "Datei hochladen");
      await page.waitForURL(/\/office\/data\/[0-9a-f-]{36}/);
      await until(page, () => page.getByText("Das war eine Probe"));
      await inspect("office-data-dry-run");
      await visit.open("/office/data");
      await page.locator('input[name="dry_run"][value="false"]').check();
      await page.locator('input[type="file"]').setInputFiles({ name: "schulabgaenge.csv", mimeType: "text/csv", buffer: correctedTable(js ? 111 : 115) });
      await submit(page, "Datei hochladen");
      await page.waitForURL(/\/office\/data\/[0-9a-f-]{36}/);
      await until(page, () => page.getByRole("button", { name: "Daten prüfen und bestätigen" }));
      await inspect("office-data-loaded");
      await submit(page, "Daten prüfen und bestätigen");
      await expectText(page, "Sie haben diese Daten geprüft");
      if (await page.getByRole("button", { name: "Daten freigeben" }).count()) throw new Error("the person who checked may release");
      await inspect("office-data-checked");
    });

    await step("a second person releases it", "demo-analyst-2", async ({ page, inspect, visit }) => {
      await visit.open("/office/data");
      await page.getByRole("main").getByRole("table").getByRole("link").first().click();
      await submit(page, "Daten freigeben");
      await page.getByRole("main").getByText("Freigegeben").first().waitFor();
      await inspect("office-data-released");
    });

    await step("a proposal is decided", "demo-education_manager", async ({ page, inspect, visit }) => {
      if (js) {
        // The problem that the demo city's table shows has become a proposal by itself; it is there once.
        await visit.open("/office/measures?state=idea");
        await until(page, () => page.getByRole("main").getByRole("table").getByRole("link").first());
        await inspect("office-measures");
        await page.getByRole("main").getByRole("table").getByRole("link").first().click();
        await page.getByRole("heading", { name: "Die Problemlage" }).waitFor();
      } else {
        await visit.open("/office/measures/new");
        await page.getByLabel("Titel").fill("Lernpaten an zwei Schulen");
        await submit(page, "Vorschlagen");
        await page.waitForURL(/\/office\/measures\/[0-9a-f-]{36}/);
      }
      await inspect("office-measure");
      await page.getByLabel("Ziel", { exact: true }).fill("");
      visit.status = 422;
      await submit(page, "Maßnahme beschließen");
      await page.locator(".bb-error-summary").waitFor();
      await inspect("office-measure-errors");
      visit.status = null;
      await page.getByLabel("Ziel", { exact: true }).fill("Bis Sommer 2027 liegt der Anteil unter dem des Landes.");
      await page.getByLabel("Federführung").selectOption({ index: 1 });
      await submit(page, "Maßnahme beschließen");
      await page.getByRole("heading", { name: "Die Entscheidung" }).waitFor();
      await inspect("office-measure-decided");
    });

    await step("actors and how they are linked", "demo-education_manager", async ({ page, inspect, visit }) => {
      await visit.open("/office/actors");
      await inspect("office-actors");
      await page.getByRole("main").getByRole("table").getByRole("link").first().click();
      await page.waitForURL(/\/office\/actors\/[0-9a-f-]{36}/);
      await inspect("office-actor");
      for (const [path, name] of [["/office/actors/new", "office-actor-new"], ["/office/actors/links", "office-links"], ["/office/measures/new", "office-measure-new"]]) {
        await visit.open(path);
        await inspect(name);
      }
    });

    await step("an actor's profile is changed", "demo-education_manager", async ({ page, inspect, visit }) => {
      await visit.open("/office/actors");
      await page.getByRole("main").getByRole("table").getByRole("link").first().click();
      await page.getByRole("main").getByRole("link", { name: "Angaben ändern" }).click();
      await page.waitForURL(/\/edit$/);
      await inspect("office-actor-edit");
      const name = await page.getByLabel("Name", { exact: true }).inputValue();
      await page.getByLabel("Name", { exact: true }).fill("");
      visit.status = 422;
      await submit(page, "Änderung speichern");
      await page.getByRole("main").getByRole("alert").or(page.locator(".bb-error-summary, .kern-alert")).first().waitFor();
      await inspect("office-actor-edit-error");
      await page.getByLabel("Name", { exact: true }).fill(`${name} ${suffix}`);
      await submit(page, "Änderung speichern");
      await page.getByRole("heading", { level: 1, name: `${name} ${suffix}` }).waitFor();
    });

    let answerUrl;
    let caseUrl;
    await step("a case is opened, consent recorded, and referred", "demo-coordinator", async ({ page, inspect, visit }) => {
      await visit.open("/office/cases");
      await inspect("office-cases");
      await visit.open("/office/cases/new");
      await inspect("office-case-new");
      const given = await page.getByRole("main").getByRole("textbox").evaluateAll((fields) => fields.map((field) => field.value).filter(Boolean));
      if (given.length) throw new Error(`a new case begins with ${given.join(", ")}`);
      visit.status = 422;
      await submit(page, "Fall öffnen");
      await page.locator(".bb-error-summary").waitFor();
      await inspect("office-case-errors");
      visit.status = null;
      await page.locator("#told").check();
      await page.getByLabel("Rechtsgrundlage").selectOption({ index: 1 });
      await page.getByLabel("Sprache der Person").selectOption({ index: 1 });
      await page.getByLabel(/^Name/).fill(`Probe Browser ${suffix}`);
      await submit(page, "Fall öffnen");
      await page.waitForURL(/\/office\/cases\/[0-9a-f-]{36}/);
      caseUrl = page.url().replace(/[?#].*/, "");
      await inspect("office-case");
      await visit.open(`${caseUrl}/refer`);
      await expectText(page, "Es fehlt eine Einwilligung");
      await inspect("office-refer-without-consent");
      await visit.open(caseUrl);
      const institution = page.getByLabel("Für welche Einrichtung");
      const school = await institution.locator("option", { hasText: "Volkshochschule" }).first().getAttribute("value");
      await institution.selectOption(school);
      await page.getByLabel("Wozu").selectOption({ value: "referral" });
      await page.getByLabel("Wie", { exact: true }).selectOption({ value: "written" });
      await submit(page, "Einwilligung festhalten");
      await page.getByRole("link", { name: "An ein Angebot verweisen" }).waitFor();
      await inspect("office-case-consent");
      await page.getByRole("link", { name: "An ein Angebot verweisen" }).click();
      await inspect("office-refer");
      await page.getByRole("main").getByRole("radio").first().check();
      await page.getByLabel(/Einwilligung vorliegt/).selectOption({ index: 1 });
      await submit(page, "Verweisen");
      await page.locator("#answer-url").waitFor();
      answerUrl = (await page.locator("#answer-url").innerText()).trim();
      await inspect("office-referred");
    });

    await step("the institution answers by its link, without an account", null, async ({ page, context, inspect, visit }) => {
      if (!answerUrl) throw new Error("no referral to answer");
      const address = new URL(answerUrl, base);
      await visit.open(address.pathname + address.search);
      await inspect("answer");
      await page.getByLabel("Ja, wir haben einen Platz").check();
      await submit(page, "Antwort senden");
      await expectText(page, "Danke, Ihre Antwort ist angekommen");
      await inspect("answered");
      const cookies = await context.cookies();
      if (cookies.length) throw new Error(`the answer page sets cookies: ${cookies.map((cookie) => cookie.name).join(", ")}`);
    });

    await step("the caseload is handed over", "demo-coordinator", async ({ page, inspect, visit }) => {
      await visit.open("/office/handovers");
      await inspect("office-handovers");
      await page.getByLabel(/^Oder die Kennung/).fill("demo-deputy");
      await page.getByLabel("Was muss die nächste Person wissen?").fill("Die Einrichtung hat zugesagt, das Erstgespräch steht noch aus.");
      await submit(page, "Übergabe vorschlagen");
      await page.waitForURL(/\/office\/handovers\/[0-9a-f-]{36}/);
      await inspect("office-handover-proposed");
    });

    await step("and accepted with nothing lost", "demo-deputy", async ({ page, inspect, visit }) => {
      await visit.open("/office/handovers");
      await page.getByRole("main").getByRole("table").getByRole("link").first().click();
      await inspect("office-handover-incoming");
      await submit(page, "Alle annehmen");
      await page.getByRole("heading", { name: "Bericht" }).waitFor();
      const figures = (await page.locator(".bb-figure dd").allInnerTexts()).map(Number);
      if (figures.length !== 3 || figures[0] !== figures[1] || figures[0] < 1 || figures[2] !== 0) throw new Error(`the report says ${figures.join(", ")}`);
      await inspect("office-handover-accepted");
      await visit.open(caseUrl);
      await page.getByRole("heading", { level: 1, name: `Probe Browser ${suffix}` }).waitFor();
    });

    await step("whoever handed over sees the case no longer", "demo-coordinator", async ({ page, visit }) => {
      const answer = await page.goto(caseUrl);
      if (![403, 404].includes(answer.status())) throw new Error(`answered ${answer.status()}`);
      visit.problems.length = 0;
    });
  }
}
