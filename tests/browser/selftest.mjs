// A page with every fault on purpose: the checks must find each of them, or their silence elsewhere means nothing.
import { base, Visit } from "./browser.mjs";

const broken = `<!doctype html><html><head><title></title><script>console.error("said"); setTimeout(() => { throw new Error("thrown") })</script></head>
<body><main><h1>a</h1><h1>b</h1><p style="color:#bbb;background:#fff">faint</p><div style="width:3000px">wide</div><img src="https://elsewhere.invalid/x.png"><ul><p>nested</p></ul></main></body></html>`;

export async function selfTest(browser, test) {
  await test("the checks find what they are for", async () => {
    const wanted = { true: ["console: said", "script: thrown", "foreign request", "scrolls sideways", "2 h1", "no language", "no title", "footer without", "axe color-contrast", "axe image-alt"], false: ["foreign request", "scrolls sideways", "html no-inline-style", "html element-permitted-content"] };
    const missed = [];
    for (const js of [true, false]) {
      const context = await browser.newContext({ javaScriptEnabled: js });
      await context.route(`${base}/broken`, (route) => route.fulfill({ contentType: "text/html", body: broken }));
      await context.route("https://elsewhere.invalid/**", (route) => route.abort());
      const visit = new Visit(await context.newPage(), { js });
      await visit.open("/broken");
      const found = (await visit.inspect("selftest")).join("\n");
      missed.push(...wanted[js].filter((fault) => !found.includes(fault)).map((fault) => `scripts ${js ? "on" : "off"}: not found: ${fault}`));
      await context.close();
    }
    return missed;
  });
}
