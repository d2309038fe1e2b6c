// Searches in Explore: subscribes from the form, reads while results arrive, filters, copies; and leaves the page before an answer has arrived.
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // which this scenario delays

const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.replace(/\s+/g, " ").includes(text)), [selector, text]);

const ping = (probe, af) => ({ type: "ping", msm_id: 9001, prb_id: probe, timestamp: Math.floor(Date.now() / 1000), fw: 5080, af, dst_addr: "192.0.2.1", sent: 3, rcvd: 3, avg: 5.5, result: [{ rtt: 5.5 }] });
const pings = (first, count, af = 4) => Array.from({ length: count }, (_, i) => ping(first + i, af));

const results = "[aria-label^='Results,'] tbody tr"; // not those of the wire view

const subscription = (page) => JSON.parse(new URL(page.url()).searchParams.get("sub"));

/** Has the page seem to be hidden: headless Chromium shows every page. */
async function lookAway(page) {
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
}

/** Has the page be looked at again, so many seconds later. */
async function lookAgain(page, seconds) {
  await page.evaluate((seconds) => {
    const now = Date.now;
    Date.now = () => now() + 1000 * seconds;
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
    Date.now = now;
  }, seconds);
}

exports.run = async ({ page, context, url, ask, said }) => {
  // An answer that arrives after the page was left does not change another page's address.
  let answer;
  await context.route("**/api/measurements/1001*", async (route) => { await new Promise((resolve) => (answer = resolve)); await route.continue().catch(() => {}); });
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector("main h1")?.textContent === "Explore");
  await page.click("nav >> text=Probes");
  await page.waitForFunction(() => document.querySelector("main h1")?.textContent === "Probes");
  answer();
  await context.unroute("**/api/measurements/1001*");
  await shows(page, "header .words", "live");
  assert.equal(new URL(page.url()).search, "", "a late answer has changed the address of another page");

  await page.click("nav >> text=Explore");
  await shows(page, "header .words", "live");
  await page.fill("#measurement", "9001");
  await page.keyboard.press("Enter");
  await page.waitForURL(/9001/);
  await shows(page, "header .words", "live");
  await ask("post", pings(1, 60));
  await shows(page, ".bar .muted", "60");

  // While the user scrolls, the rows do not move, and new results are counted.
  await page.$eval("[aria-label^='Results,']", (box) => box.scrollTo(0, 300));
  await shows(page, "header .words", "paused, 0 waiting");
  await ask("post", [...pings(100, 2), ...pings(200, 1, 6)]);
  await shows(page, "header .words", "paused, 3 waiting");
  await shows(page, ".waiting", "3 new results are waiting");
  await page.locator("h1").focus();
  await page.keyboard.press(" ");
  await shows(page, "header .words", "live");
  await shows(page, results, "A 200");

  // A user who returns to the tab sees what has arrived since.
  await page.click("summary:has-text('Wire')"); // which shows what has arrived while the page draws nothing
  await lookAway(page);
  await ask("post", pings(250, 1));
  await shows(page, ".frames td", '"prb_id":250');
  await page.click("summary:has-text('Wire')");
  await lookAgain(page, 60);
  await shows(page, results, "A 250");
  const rows = await page.$$eval(`${results}:not(.space)`, (rows) => rows.slice(0, 3).map((row) => row.textContent.replace(/\s+/g, " ").trim()));
  assert.match(rows[0], /A 250/);
  assert.match(rows[1], /^since you looked away \d\d:/);
  await lookAway(page);
  await lookAgain(page, 60);
  await page.waitForFunction(() => !document.querySelector("tbody .away")); // as nothing has arrived

  // A value of a record becomes a filter.
  await page.click(`${results}:has-text('200')`);
  await page.click("aside [aria-label='Filter for this value of af']");
  await page.waitForURL(/equalsTo/);
  assert.deepEqual(subscription(page), { msm: 9001, equalsTo: { af: 6 } });
  await page.keyboard.press("Escape");
  await shows(page, "header .words", "live");
  await ask("post", [...pings(300, 1), ...pings(400, 1, 6)]);
  await shows(page, results, "A 400");
  assert.equal(await page.locator(`${results}:has-text('300')`).count(), 0);

  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator("h1").focus();
  await page.keyboard.press("c");
  await said(page, "^link copied$");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());

  // On a wall display there are no controls.
  await page.goto(`${page.url()}&kiosk=1`);
  await shows(page, "header .words", "live");
  await page.waitForSelector(".tab >> text=9001");
  assert.equal(await page.locator("form, main input, .close, .bar button, details, nav, footer").count(), 0);

  // What the gateway refuses is shown at the field, and the running subscription continues.
  await page.goto(`${url}/?sub=${encodeURIComponent('{"msm":9001,"prb":"x"}')}`);
  await shows(page, ".error code", "invalid_parameter");
  await page.waitForSelector("[aria-invalid=true]");
  const described = await page.getAttribute("[aria-invalid=true]", "aria-describedby");
  assert.match(await page.textContent(`#${described}`), /prb: got/);
};
