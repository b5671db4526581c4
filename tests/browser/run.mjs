// Runs every browser test one after the other and prints what failed; the last line counts.
import { launch } from "./browser.mjs";
import { selfTest } from "./selftest.mjs";
import { publicPages } from "./public.mjs";
import { officeJourney } from "./office.mjs";

const only = process.argv[2];
let passed = 0;
let failed = 0;

/** One test: `body` returns the list of what is wrong, or throws. */
async function test(name, body) {
  if (only && !name.includes(only)) return;
  const start = Date.now();
  let wrong;
  try {
    wrong = (await body()) ?? [];
  } catch (error) {
    wrong = [error.message.split("\n").slice(0, 12).join("\n    ")];
  }
  const took = `${Date.now() - start} ms`;
  if (wrong.length === 0) {
    passed += 1;
    console.log(`ok      ${name} (${took})`);
  } else {
    failed += 1;
    console.log(`FAILED  ${name} (${took})`);
    for (const line of wrong) console.log(`    ${line}`);
  }
}

const browser = await launch();
try {
  await selfTest(browser, test);
  await publicPages(browser, test);
  await officeJourney(browser, test);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
