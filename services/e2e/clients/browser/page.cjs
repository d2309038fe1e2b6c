// Opens a page in Chromium as a user does: `node page.cjs plain-page|console URL SCREENSHOT`. On the plain page it waits for ten rows and changes the
// subscription; of any other page it waits for ten lines on the console. It prints what it saw as one JSON object.
const { launch } = require("./chromium.cjs");

const [kind, url, screenshot] = process.argv.slice(2);

const patience = 60_000; // ms

async function main() {
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  page.setDefaultTimeout(patience);
  const seen = { console: [], errors: [] };
  page.on("console", async (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
    else await message.args()[0]?.jsonValue().then((value) => seen.console.push(value), () => {}); // lines arrive until the page is closed
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  await page.goto(url);
  if (kind === "console") {
    for (const deadline = Date.now() + patience; seen.console.length < 10 && seen.errors.length === 0; await page.waitForTimeout(100)) {
      if (Date.now() > deadline) throw new Error(`the console shows ${JSON.stringify(seen.console)}`);
    }
  } else {
    await page.waitForFunction(() => document.querySelectorAll("#results tr:not(.empty)").length >= 10);
    seen.state = await page.textContent("#state");
    seen.snippet = await page.textContent("#snippet");
    seen.rows = await page.$$eval("#results tr", (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
    await page.fill("input[name=msm]", "10301");
    await page.click("form button");
    await page.waitForFunction(() => document.querySelector("#results tr td:nth-child(3)")?.textContent === "dns");
    seen.afterwards = await page.textContent("#state");
    await page.fill("input[name=msm]", "9007199254740993"); // which JavaScript cannot represent
    await page.click("form button");
    await page.waitForFunction(() => document.querySelector("#error").textContent !== "");
    seen.refused = await page.textContent("#error");
  }
  await page.screenshot({ path: screenshot });
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
